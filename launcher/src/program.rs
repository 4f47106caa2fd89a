use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::io::Error;
use std::ptr;

/// A program with its arguments and its whole environment, in the words of execve.
pub struct Program {
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Program {
    pub fn new(path: &str, arguments: &[&str], environment: &BTreeMap<String, String>) -> Result<Self, String> {
        if !path.starts_with('/') {
            return Err(format!("{path} is not an absolute path; nothing is searched for"));
        }
        if let Some(name) = environment.keys().find(|name| name.is_empty() || name.contains('=')) {
            return Err(format!("the policy is not valid: {name:?} cannot be the name of a variable"));
        }
        let arguments = [&[path], arguments].concat();
        let environment = environment.iter().map(|(name, value)| format!("{name}={value}"));
        Ok(Self { arguments: strings(arguments)?, environment: strings(environment)? })
    }

    /// Returns only when it failed, with the reason.
    pub fn become_it(&self) -> String {
        let (arguments, environment) = (pointers(&self.arguments), pointers(&self.environment));
        // SAFETY: both lists end with null and point to strings that live until the process image is replaced.
        unsafe { libc::execve(arguments[0], arguments.as_ptr(), environment.as_ptr()) };
        let program = self.arguments[0].to_string_lossy();
        format!("{program} cannot be executed: {}", Error::last_os_error())
    }
}

fn strings(values: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Result<Vec<CString>, String> {
    let strings: Result<_, _> = values.into_iter().map(CString::new).collect();
    strings.map_err(|_| "an argument or a variable has a NUL character".into())
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}
