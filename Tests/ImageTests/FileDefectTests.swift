import Glibc
import Linker
import Testing
import Weld

/// The file: what is in its way, and that a flush that fails leaves the last good one.
@Suite struct FileDefectTests {
  @Test func aFileThatRanAndOneThatRuns() throws {
    let f = try Fixture()
    try f.function(2, 2)
    // mov eax, 34 (pause); syscall
    try f.image.updateFunction(
      Declaration(3), name: "wait", code: [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xc3])
    try f.start(calling: 2)
    try f.check(2)
    var children: [(child: Child, place: UInt64, code: [UInt8])] = []
    for i in 10..<16 as Range<UInt32> {
      try f.start(calling: 2, 3)
      try f.function(2, i)
      try f.image.flush()
      let child = try Child(f.path)
      let place = try f.address(2)
      children.append((child, place, try child.bytes(at: place, count: 6)))
      #expect(children.last?.code == f.code(i))
      try f.start(calling: 2)
      try f.function(2, i + 100, size: Int(i) * 10)
      try f.check(i + 100)
      try f.function(2, i + 200)
      try f.check(i + 200)
    }
    // Those that run have what they were started with.
    for (child, place, code) in children {
      #expect(child.isAlive)
      #expect(try child.bytes(at: place, count: 6) == code)
    }
    #expect(leftovers(f) <= 1)
  }

  @Test func aFileThatSomebodyElseReplaced() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    try f.function(2, 3)
    try f.check(3)
    let other = f.scratch.file("other")
    func write(_ text: String, to path: String) throws {
      let file = try #require(fopen(path, "w"))
      fputs(text, file)
      fclose(file)
    }
    // Another file in its place, none, and one that only changed.
    try write("not ours", to: other)
    try #require(rename(other, f.path) == 0)
    try f.function(2, 4)
    try f.check(4)
    try #require(unlink(f.path) == 0)
    try f.function(2, 5)
    try f.check(5)
    try f.function(2, 6)
    try f.check(6)
    try #require(rename(f.path, other) == 0)
    try #require(symlink("other", f.path) == 0)
    let kept = contents(other)
    try f.function(2, 7)
    try f.check(7)
    try f.function(2, 8)
    try f.check(8)
    try f.function(2, 9)
    try f.check(9)
    #expect(contents(other) == kept)
    // A second name for the file is not written behind its owner's back.
    try #require(link(f.path, f.scratch.file("copy")) == 0)
    let copy = contents(f.path)
    for i in 10..<14 as Range<UInt32> {
      try f.function(2, i)
      try f.check(i, lints: false)
      #expect(contents(f.scratch.file("copy")) == copy)
    }
  }

  /// Tools that change the program where it is: the next flushes are whole, and no edit is lost.
  @Test func aFileThatToolsChangedInPlace() throws {
    let f = try Fixture()
    try f.data(3, 3, extra: 5000)
    try f.reader(4, of: 3)
    try f.start(calling: 2, 4)
    func fill(_ byte: UInt8, keepingTimes: Bool) throws {
      var status = stat()
      try #require(stat(f.path, &status) == 0)
      let file = open(f.path, O_WRONLY)
      try #require(file >= 0)
      let bytes = [UInt8](repeating: byte, count: Int(status.st_size) - 64)
      try #require(pwrite(file, bytes, bytes.count, 64) == bytes.count)
      if keepingTimes {
        let times = [status.st_atim, status.st_mtim]
        try #require(futimens(file, times) == 0)
      }
      close(file)
    }
    let changes: [(String, () throws -> Void)] = [
      ("strip", { #expect(run(["strip", f.path]).status == 0) }),
      ("strip -p", { #expect(run(["strip", "-p", f.path]).status == 0) }),
      ("objcopy", { #expect(run(["objcopy", "--weaken", f.path]).status == 0) }),
      ("bytes", { try fill(0xa5, keepingTimes: false) }),
      ("bytes, with the times as they were", { try fill(0xa5, keepingTimes: true) }),
      ("truncate", { try #require(truncate(f.path, 100) == 0) }),
      (
        "truncate and grow",
        {
          var status = stat()
          try #require(stat(f.path, &status) == 0)
          try #require(truncate(f.path, 100) == 0 && truncate(f.path, status.st_size) == 0)
        }
      ),
    ]
    var value: UInt32 = 10
    for (name, change) in changes {
      for flushes in 1..<4 {
        try f.function(2, value)
        try f.data(3, value + 1, extra: 5000)
        let last = value + 1
        for _ in 0..<flushes { try f.image.flush() }
        f.runs([value, last])
        try change()
        // Both files take their turn.
        for _ in 0..<4 {
          value += 2
          try f.function(2, value)
          try f.image.flush()
          #expect(f.section(".symtab") != nil, "\(name)")
          f.runs([value, last])
        }
        f.accepts()
      }
    }
    #expect(leftovers(f) <= 1)
  }

  /// Rights stay as somebody set them, whichever of the two files is the program.
  @Test(arguments: [0o600, 0o711, 0o500] as [mode_t]) func rightsThatWereSet(_ mode: mode_t) throws
  {
    let f = try Fixture()
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    func rights() throws -> mode_t {
      var status = stat()
      try #require(stat(f.path, &status) == 0)
      return status.st_mode & 0o7777
    }
    let usual = try rights()
    for flushes in 0..<3 {
      for i in 0..<flushes {
        try f.function(2, UInt32(i))
        try f.image.flush()
      }
      try #require(chmod(f.path, mode) == 0)
      for i in 0..<5 {
        try f.function(2, UInt32(i))
        try f.image.flush()
        #expect(try rights() == mode)
      }
      // Those of somebody else's file are nobody's wish.
      try #require(unlink(f.path) == 0)
      try makeEmpty(f.path)
      try #require(chmod(f.path, 0o644) == 0)
      try f.function(2, 7)
      try f.check(7)
      #expect(try rights() == usual)
    }
  }

  /// What is no file stays, as it does when a program is linked there.
  @Test func devicesStay() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.start(calling: 2)
    func kind() throws -> mode_t {
      var status = stat()
      try #require(lstat(f.path, &status) == 0)
      return status.st_mode & S_IFMT
    }
    try #require(mkfifo(f.path, 0o666) == 0)
    try f.image.flush()
    try f.image.flush()
    #expect(try kind() == S_IFIFO)
    try #require(unlink(f.path) == 0)
    try f.check(2)
    try f.function(2, 3)
    try f.check(3)
    // In the place of a program.
    try #require(unlink(f.path) == 0)
    try #require(symlink("/dev/null", f.path) == 0)
    try f.function(2, 4)
    try f.image.flush()
    #expect(try kind() == S_IFLNK)
    #expect(leftovers(f) == 0)
    try #require(unlink(f.path) == 0)
    try f.function(2, 5)
    // Takes rights.
    if mknod(f.path, S_IFCHR | 0o666, dev_t(1 << 8 | 3)) == 0 {
      try f.image.flush()
      #expect(try kind() == S_IFCHR)
      try #require(unlink(f.path) == 0)
    }
    try f.check(5)
  }

  /// A process that is killed cannot clean up: the next one that makes the same program does.
  @Test func whatKilledProcessesLeft() throws {
    let scratch = Scratch()
    let child = run(["sh", "-c", "echo $$"]).output.split(separator: "\n").first ?? "0"
    let dead = ".program.weld-\(child)-12345"
    let kept = [
      ".program.weld-\(getpid())-12345", ".program.weld-1-12345", ".other.weld-\(child)-12345",
      ".program.weld-\(child)", ".program.weld-\(child)-x", ".program.weld--1-5",
    ]
    for name in kept + [dead] { try makeEmpty(scratch.file(name)) }
    let f = try Fixture { $0.path = scratch.file("program") }
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    for name in kept { #expect(access(scratch.file(name), F_OK) == 0, "\(name)") }
    #expect(access(scratch.file(dead), F_OK) != 0)
  }

  @Test func aDirectoryInTheWay() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.start(calling: 2)
    try #require(mkdir(f.path, 0o777) == 0)
    #expect(throws: ImageError.self) { try f.image.flush() }
    try f.function(2, 3)
    f.refuses(.file, "cannot replace", "Is a directory")
    try #require(rmdir(f.path) == 0)
    try f.check(3)
    // And later.
    try #require(unlink(f.path) == 0)
    try #require(mkdir(f.path, 0o777) == 0)
    try f.function(2, 4)
    f.refuses(.file)
    try #require(rmdir(f.path) == 0)
    try f.check(4)
    #expect(leftovers(f) <= 1)
  }

  @Test func aDirectoryThatTakesNoFiles() throws {
    let scratch = Scratch()
    let directory = scratch.file("gone")
    try #require(mkdir(directory, 0o777) == 0)
    let f = try Fixture { $0.path = directory + "/program" }
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    try f.function(2, 3)
    if geteuid() != 0 {
      try #require(chmod(directory, 0o555) == 0)
      f.refuses(.file, "cannot create a file beside")
      try #require(chmod(directory, 0o777) == 0)
      try f.check(3)
    }
    // To the superuser all directories are writable, but for one that is not there.
    try #require(rename(directory, directory + "2") == 0)
    try f.function(2, 4)
    f.refuses(.file, "cannot create a file beside", "No such file or directory")
    try #require(rename(directory + "2", directory) == 0)
    try f.check(4)
    try f.function(2, 5)
    try f.check(5)
  }

  @Test func aLongName() throws {
    let scratch = Scratch()
    let f = try Fixture { $0.path = scratch.file(String(repeating: "é", count: 127)) }
    try f.start(calling: [])
    try f.check()
  }

  /// A full disk. A small file system is mounted for it, which takes rights; the limit on the size
  /// of files is for a whole process, and this one runs other tests at the same time.
  @Test func aFullDisk() throws {
    let scratch = Scratch()
    let disk = scratch.file("disk")
    try #require(mkdir(disk, 0o777) == 0)
    let isMounted = run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk]).status == 0
    defer { if isMounted { _ = run(["umount", "-l", disk]) } }
    let f = try Fixture { $0.path = isMounted ? disk + "/program" : "/dev/full/program" }
    try f.function(2, 2)
    try f.data(3, 3)
    try f.reader(4, of: 3)
    try f.start(calling: 2, 4)
    guard isMounted else {
      f.refuses(.file)
      return
    }
    try f.check(2, 3)
    try f.function(2, 22)
    try f.check(22, 3)
    // The spare copy and the program do not fit beside each other.
    try f.data(3, 33, extra: 400_000)
    for _ in 0..<3 {
      f.refuses(.outOfRoom, "No space left on device", "the file of the last flush is as it was")
      f.runs([22, 3])
    }
    #expect(leftovers(in: disk) <= 1)
    // With the next edit there is room again; nothing of what was done meanwhile is lost.
    try f.function(2, 24)
    try f.data(3, 34)
    try f.check(24, 34)
    try f.function(2, 25)
    try f.check(25, 34)
  }

  @Test func memoryThatRunsOutInAFlush() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    f.image.setLazyProvider { kind, key throws(ImageError) in
      LazyContent(bytes: [UInt8](repeating: 1, count: 100))
    }
    var failures = 0
    for steps in 0..<12 {
      let constant = try f.image.lazySymbol(.constant, .key(UInt64(steps)))
      try f.data(UInt64(100 + steps), 1)
      try f.image.updateExports(
        Declaration(UInt64(100 + steps)), [Export("e\(steps)", section: "s\(steps)")])
      try f.function(2, UInt32(steps))
      let gate = RandomEditTests.gate(f.image)
      gate.stepsUntilFailure = steps
      let before = contents(f.path)
      do {
        try f.image.flush()
      } catch {
        #expect(error.code == .outOfRoom)
        #expect(contents(f.path) == before)
        failures += 1
      }
      gate.stepsUntilFailure = nil
      try f.check(UInt32(steps))
      #expect(f.image.currentAddress(of: constant) != nil)
    }
    #expect(failures > 2)
  }

  private func makeEmpty(_ path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT, 0o666)
    try #require(file >= 0)
    close(file)
  }

  /// Files beside the program.
  private func leftovers(_ f: Fixture) -> Int { leftovers(in: f.scratch.path) }

  private func leftovers(in directory: String) -> Int {
    let names = run(["ls", "-A", directory]).output.split(separator: "\n")
    return names.count { $0.contains(".weld-") }
  }
}
