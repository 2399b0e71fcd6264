// A static-pie Rust program.
//#drivers: rustc
//#compile: -Ctarget-feature=+crt-static -Copt-level=1
//#check: readelf -lW $OUT !~ INTERP
//#timeout: 120
//#stdout: static true
fn main() {
    let started = std::time::Instant::now();
    println!("static {}", started.elapsed().as_secs() < 100);
}
