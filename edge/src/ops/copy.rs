use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use super::open::LOCK_FILE;
use crate::Shard;
use crate::argument::Argument;
use crate::core::on_shard;
use crate::failure::{Failure, Outcome};
use crate::pool;

const BLOCK_BYTES: usize = 16 * 1024;

#[napi]
impl Shard {
    /// Copies the open shard to a folder that does not exist. Optimize, writes and flushes are held meanwhile; reads
    /// go on. No hard links: the engine changes files in place.
    #[napi]
    pub fn copy_to<'env>(&self, env: &'env Env, path: Argument<String>) -> Result<Object<'env>> {
        on_shard(env, &self.core, path.take("path"), |core, shard, path| async move {
            let held = (core.hold_structure().await, core.hold_writes().await, core.hold_flushes().await);
            pool::run(move || {
                shard.flush()?;
                copy(shard.path(), &PathBuf::from(path))?;
                drop((held, shard));
                Ok(())
            })
            .await
        })
    }
}

/// Beside its target first, then renamed: what has the name is whole.
fn copy(from: &Path, to: &Path) -> Outcome<()> {
    if to.exists() {
        return Err(Failure::operation(format!("{} exists already", to.display())));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    copy_folder(from, &partial)?;
    fs::rename(&partial, to)?;
    sync(to.parent().unwrap_or(to))
}

fn copy_folder(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if entry.file_name() != LOCK_FILE {
            copy_file(&entry.path(), &target)?;
        }
    }
    sync(to)
}

/// Leaves holes where the file is zero: a shard's files are long before they are full (80 MB for four points),
/// and `fs::copy` would fill them.
fn copy_file(from: &Path, to: &Path) -> Outcome<()> {
    let (mut source, mut target) = (File::open(from)?, File::create(to)?);
    let mut block = vec![0; BLOCK_BYTES];
    let mut length = 0;
    loop {
        let read = source.read(&mut block)?;
        if read == 0 {
            break;
        }
        match block[..read].iter().all(|byte| *byte == 0) {
            true => target.seek(SeekFrom::Current(i64::try_from(read).unwrap_or(0))).map(|_| ())?,
            false => target.write_all(&block[..read])?,
        }
        length += read as u64;
    }
    target.set_len(length)?;
    Ok(target.sync_all()?)
}

fn sync(path: &Path) -> Outcome<()> {
    Ok(File::open(path)?.sync_all()?)
}
