import Glibc
import Weld

/// Hot swap of one function of 200 bytes in a program that calls it without end.
func measureSwaps(directory: String, count: Int, declarations: Int) throws {
  try withOutput(in: directory) { path in
    var options = ImageOptions(machine: .host, path: path)
    options.liveReserve = 4 << 20
    let image = try ElfImage(options)
    let start = Declaration(0)
    let called = Declaration(1)
    for i in 2..<declarations {
      try image.updateFunction(
        Declaration(UInt64(i)), name: "other_\(i)", code: Instructions.body(seed: i))
    }
    try image.updateFunction(called, name: "called", code: Instructions.body(seed: 0))
    let call = try image.callSequence(to: image.symbol(for: called))
    try image.updateFunction(start, name: "start", code: call + Instructions.jumpBack(call.count))
    try image.updateExports(start, [Export("_start")])
    try image.flush()

    let process = try LiveProcess.launch(path, arguments: [path], machine: .host)
    defer {
      try? process.send(signal: SIGKILL)
      process.waitForExit()
    }
    let session = try image.hotSwapSession(with: process)
    session.reclaimsAfterSwaps = true
    var stopped = Samples()
    var held = Samples()
    var whole = Samples()
    var attempts = 0
    for i in 0..<count {
      let code = Instructions.body(seed: i + 1)
      let begin = now()
      try image.updateFunction(called, name: "called", code: code)
      try image.flush()
      let report = try session.swap()
      whole.add(now() - begin)
      stopped.add(UInt64(report.stoppedMicroseconds * 1000))
      held.add(UInt64(report.heldMicroseconds * 1000))
      attempts = max(attempts, report.attempts)
      // The program goes on for a while, as it would.
      usleep(1000)
    }
    table(
      "Hot swap of one 200-byte function, \(grouped(count)) times",
      left: 2,
      ["declarations", "time", "median µs", "90 %", "99 %", "longest"],
      [
        ("process stopped", stopped), ("of which to read, check and write", held),
        ("update, flush and swap", whole),
      ].map { what, samples in
        [
          grouped(declarations), what, samples.median, text(samples.microseconds(0.9)),
          samples.percentile99, text(samples.microseconds(1)),
        ]
      })
    if attempts > 1 { print("A swap took up to \(attempts) attempts.\n") }
  }
}

/// The few instructions that the program needs.
private enum Instructions {
  /// 200 bytes that do nothing and return, different for each seed.
  static func body(seed: Int) -> [UInt8] {
    let value = UInt32(truncatingIfNeeded: seed)
    #if arch(arm64)
      // movz w0, seed; nop…; ret
      return words([0x5280_0000 | (value & 0xffff) << 5])
        + words([UInt32](repeating: 0xd503_201f, count: 48)) + words([0xd65f_03c0])
    #else
      // mov eax, seed; nop…; ret
      return [0xb8] + words([value]) + [UInt8](repeating: 0x90, count: 194) + [0xc3]
    #endif
  }

  /// Jumps back over `count` bytes.
  static func jumpBack(_ count: Int) -> [UInt8] {
    #if arch(arm64)
      return words([0x1400_0000 | UInt32(bitPattern: Int32(-count / 4)) & 0x3ff_ffff])
    #else
      return [0xe9] + words([UInt32(bitPattern: Int32(-count - 5))])
    #endif
  }

  private static func words(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) } }
  }
}
