//! Threads, thread-locals, maps, errors, panics that are caught, and a backtrace.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{mpsc, Arc, Mutex};
use std::{error, fmt, panic, thread};

thread_local! { static COUNT: Cell<u32> = const { Cell::new(0) }; }

#[derive(Debug)]
struct TooMany(i32);

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} is too many", self.0)
    }
}

impl error::Error for TooMany {}

fn checked(n: i32) -> Result<i32, Box<dyn error::Error>> {
    if n > 2 {
        return Err(Box::new(TooMany(n)));
    }
    Ok("41".parse::<i32>()? + n)
}

fn main() {
    let (sender, receiver) = mpsc::channel();
    let squares = Arc::new(Mutex::new(BTreeMap::new()));
    let threads: Vec<_> = (0..4u32)
        .map(|i| {
            let (sender, squares) = (sender.clone(), squares.clone());
            thread::spawn(move || {
                COUNT.with(|count| count.set(count.get() + i));
                squares.lock().unwrap().insert(i, i * i);
                sender.send(COUNT.with(Cell::get)).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    drop(sender);
    let lengths: HashMap<_, _> = ["a", "bcd"].iter().map(|s| (*s, s.len())).collect();
    println!(
        "{} {:?} {:?} {} {}",
        receiver.iter().sum::<u32>(),
        squares.lock().unwrap(),
        checked(1).unwrap(),
        checked(3).unwrap_err(),
        lengths["bcd"]
    );
    if cfg!(panic = "unwind") {
        panic::set_hook(Box::new(|_| {}));
        let empty: Vec<i32> = Vec::new();
        let result = panic::catch_unwind(|| empty[std::hint::black_box(3)]);
        println!("caught: {}", result.is_err());
    }
    let trace = std::backtrace::Backtrace::force_capture().to_string();
    println!("main is in the backtrace: {}", trace.contains("program::main"));
}
