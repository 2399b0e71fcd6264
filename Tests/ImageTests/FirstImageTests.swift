import Testing
import Weld

/// The thinnest images that run.
@Suite struct FirstImageTests {
  @Test func aFunctionCalledThroughItsSlotRuns() throws {
    let scratch = Scratch()
    var options = ImageOptions(machine: .x86_64, path: scratch.file("program"))
    options.checksInvariants = true
    let image = try ElfImage(options)
    let main = Declaration(1)
    let callee = Declaration(2)
    let target = try image.symbol(for: callee)
    // mov edi, eax; mov eax, 60; syscall
    let code =
      try image.callSequence(to: target) + [0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]
    try image.updateFunction(main, name: "start", code: code)
    try image.updateExports(main, [Export("_start")])
    // mov eax, 42; ret
    try image.updateFunction(callee, name: "answer", code: [0xb8, 42, 0, 0, 0, 0xc3])
    try image.flush()
    #expect(run([options.path]).status == 42)

    // An edit in place, one that moves, and the running file is no obstacle.
    try image.updateFunction(callee, name: "answer", code: [0xb8, 43, 0, 0, 0, 0xc3])
    try image.flush()
    #expect(run([options.path]).status == 43)
    try image.updateFunction(
      callee, name: "answer",
      code: [UInt8](repeating: 0x90, count: 4000) + [0xb8, 44, 0, 0, 0, 0xc3])
    try image.flush()
    #expect(run([options.path]).status == 44)
    try image.updateFunction(main, name: "start", code: [UInt8](repeating: 0x90, count: 500) + code)
    try image.flush()
    #expect(run([options.path]).status == 44)

    let sections = run(["readelf", "-lSsW", options.path])
    #expect(sections.status == 0)
    #expect(!sections.output.contains("Warning"), "\(sections.output)")
    let lint = run(["eu-elflint", "--gnu-ld", options.path])
    #expect(lint.status == 0, "\(lint.output)\n\(sections.output)")
  }

  @Test func withoutAnEntryTheLastGoodFileStays() throws {
    let scratch = Scratch()
    var options = ImageOptions(machine: .x86_64, path: scratch.file("program"))
    options.checksInvariants = true
    let image = try ElfImage(options)
    // mov edi, 7; mov eax, 60; syscall
    let main = Declaration(1)
    try image.updateFunction(
      main, name: "start", code: [0xbf, 7, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05])
    #expect(throws: ImageError.self) { try image.flush() }
    try image.updateExports(main, [Export("_start")])
    try image.flush()
    let good = contents(options.path)
    try image.removeExport(main, name: "_start")
    #expect(throws: ImageError.self) { try image.flush() }
    #expect(contents(options.path) == good)
    #expect(run([options.path]).status == 7)
  }
}
