use std::{env, fs, path::Path};

fn main() {
    napi_build::setup();
    println!("cargo:rerun-if-changed=Cargo.lock");
    let lock = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).expect("Cargo.lock is part of the sources");
    println!("cargo:rustc-env=QDRANT_EDGE_VERSION={}", locked_version(&lock, "qdrant-edge"));
}

fn locked_version<'a>(lock: &'a str, name: &str) -> &'a str {
    let (_, entry) = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).expect("a dependency");
    entry.split_once('"').expect("a version").0
}
