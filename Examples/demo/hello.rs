// Collections, threads and a caught panic, with std alone.
use std::collections::BTreeMap;
use std::thread;

fn main() {
    let handles: Vec<_> = (1..=3).map(|n| thread::spawn(move || (n, n * n))).collect();
    let squares: BTreeMap<i32, i32> = handles.into_iter().map(|h| h.join().unwrap()).collect();
    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| squares[&4]).is_err();
    println!("hello from Rust: {:?}, caught: {}", squares, caught);
}
