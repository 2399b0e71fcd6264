import Glibc
import Testing
import Weld

@testable import TernCompiler

/// Programs with the output expected of them beside them, built and run for each machine.
@Suite struct ProgramTests {
  static let programs = Support.programs("\(Support.directory)/Programs")
  static let libraryPrograms = Support.programs("\(Support.directory)/Programs/libraries")

  @Test(arguments: MachineTests.machines, programs)
  func outputIsAsExpected(_ machine: ImageMachine, program: String) async throws {
    try await check("\(Support.directory)/Programs/\(program)", machine, isStatic: false)
  }

  @Test(arguments: libraryPrograms, [true, false])
  func librariesAreCalled(_ program: String, isStatic: Bool) async throws {
    try await check(
      "\(Support.directory)/Programs/libraries/\(program)", .x86_64, isStatic: isStatic)
  }

  private func check(_ path: String, _ machine: ImageMachine, isStatic: Bool) async throws {
    try await Support.withDirectory { directory in
      let source = try #require(Files.read("\(path).tern"))
      var options = Session.Options(path: "\(path).tern", output: "\(directory)/program")
      options.machine = machine
      options.isStatic = isStatic
      options.checksInvariants = true
      let session = try Session(options)
      _ = try session.update(source)
      try session.flush()
      #expect(session.image?.violations() == [])
      var words = try #require(Support.command(machine, options.output))
      let prefix = "// arguments: "
      let first = String(decoding: source.prefix { $0 != 10 }, as: UTF8.self)
      if first.hasPrefix(prefix) {
        words += first.dropFirst(prefix.count).split(separator: " ").map { String($0) }
      }
      #expect(try Support.run(words, in: directory) == Support.text("\(path).expected"))
    }
  }

  @Test func exportedNamesAreInTheDump() throws {
    let path = "\(Support.directory)/Programs/exports.tern"
    let session = try Session(Session.Options(path: path, output: "/nonexistent/program"))
    _ = try session.update(try #require(Files.read(path)))
    let dump = try #require(session.image).dump()
    for name in ["area", "geometry_version", "other_name", "main", "_start"] {
      #expect(dump.contains(name), "\(name)")
    }
  }
}
