// A C library written in Rust: its version script exports only what it should.
//#drivers: rustc
//#kinds: shared
//#check: nm -D --defined-only $OUT ~ T main$
//#check: nm -D --defined-only $OUT !~ rust_
//#timeout: 120
//#exit: 17
#[no_mangle]
pub extern "C" fn main() -> i32 {
    let words: Vec<String> = (0..17).map(|n| format!("{n}")).collect();
    std::panic::catch_unwind(|| words.len() as i32).unwrap_or(1)
}
