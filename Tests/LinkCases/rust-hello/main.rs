// A Rust program with threads, collections and a panic that is caught.
//#drivers: rustc
//#each: PROFILE = debug release
//#compile[debug]: -g
//#compile[release]: -Copt-level=3 -Cstrip=symbols
//#timeout: 120
//#stdout: sum 499500
//#stdout: caught: told you
//#stdout: thread said 42
use std::collections::HashMap;

thread_local!(static NUMBER: std::cell::Cell<i32> = const { std::cell::Cell::new(40) });

fn main() {
    let squares: HashMap<u64, u64> = (0..1000).map(|n| (n, n)).collect();
    println!("sum {}", squares.values().sum::<u64>());
    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| {
        if squares.len() == 1000 {
            panic!("told you");
        }
    });
    println!("caught: {}", caught.unwrap_err().downcast_ref::<&str>().unwrap());
    let said = std::thread::spawn(|| {
        NUMBER.set(NUMBER.get() + 2);
        NUMBER.get()
    });
    println!("thread said {}", said.join().unwrap());
}
