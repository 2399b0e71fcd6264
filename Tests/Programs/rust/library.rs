//! A library for C, whose panics stay inside.

use std::ffi::{c_char, CStr};
use std::sync::Mutex;

static WORDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Remembers a word; returns how many letters all words have.
///
/// # Safety
/// `word` is a C string.
#[no_mangle]
pub unsafe extern "C" fn remember(word: *const c_char) -> usize {
    let mut words = WORDS.lock().unwrap();
    words.push(CStr::from_ptr(word).to_string_lossy().into_owned());
    words.iter().map(String::len).sum()
}

#[no_mangle]
pub extern "C" fn catches() -> bool {
    std::panic::set_hook(Box::new(|_| {}));
    std::panic::catch_unwind(|| panic!("inside")).is_err()
}
