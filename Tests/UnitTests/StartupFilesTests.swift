import Glibc
import Testing

@testable import Linker

/// The table of what programs in C start with, and the search for it on this machine.
@Suite struct StartupFilesTests {
  private func names(_ system: StartupFiles.System, _ mode: StartupFiles.Mode) throws -> String {
    let recipe = try StartupFiles.recipe(system, mode)
    let libraries = recipe.libraries.map { "-l\($0.name)\($0.isAsNeeded ? "+" : "")" }
    return
      (recipe.beginning.map(\.name) + ["…"] + libraries + recipe.end.map(\.name))
      .joined(separator: " ")
  }

  @Test func orderOfKnownSystems() throws {
    #expect(
      try names(.linuxGlibc, .dynamic)
        == "crt1.o crti.o crtbegin.o … -lgcc -lgcc_s+ -lc crtend.o crtn.o")
    #expect(
      try names(.linuxGlibc, .static)
        == "crt1.o crti.o crtbeginT.o … -lgcc -lgcc_eh -lc crtend.o crtn.o")
    #expect(
      try names(.linuxGlibc, .staticPIE)
        == "rcrt1.o crti.o crtbeginS.o … -lgcc -lgcc_eh -lc crtendS.o crtn.o")
    #expect(
      try names(.linuxMusl, .pie)
        == "Scrt1.o crti.o crtbeginS.o … -lc -lgcc -lgcc_eh crtendS.o crtn.o")
    #expect(
      try names(.openBSD, .staticPIE) == "rcrt0.o crtbegin.o … -lcompiler_rt -lc crtend.o")
    #expect(
      try names(.haiku, .shared)
        == "crti.o crtbeginS.o init_term_dyn.o … -lgcc -lgcc_s+ -lroot crtendS.o crtn.o")
    #expect(
      try names(.illumos, .dynamic)
        == "crt1.o crti.o values-Xa.o values-xpg6.o crtbegin.o … -lgcc -lgcc_s+ -lc crtend.o crtn.o"
    )
    #expect(try names(.android, .shared) == "crtbegin_so.o … -lc -ldl crtend_so.o")
  }

  /// What holds for every system that has the mode.
  @Test(arguments: StartupFiles.System.allCases) func everySystem(
    system: StartupFiles.System
  ) throws {
    for mode in StartupFiles.Mode.allCases {
      guard let recipe = try? StartupFiles.recipe(system, mode) else {
        #expect(mode.isStatic, "only static programs may be missing")
        continue
      }
      #expect(recipe.system == system && recipe.mode == mode)
      #expect(!recipe.beginning.isEmpty && !recipe.libraries.isEmpty && !recipe.end.isEmpty)
      let all = recipe.beginning + recipe.end
      #expect(all.allSatisfy { $0.name.hasSuffix(".o") })
      #expect(Set(all).count == all.count)
      #expect(recipe.entry == (system == .openBSD ? "__start" : "_start"))
      // Shared libraries start nothing themselves.
      let starts = all.contains { file in
        ["crt0.o", "crt1.o", "start_dyn.o", "crtbegin_dynamic.o", "crtbegin_static.o"].contains {
          file.name.hasSuffix($0)
        }
      }
      #expect(starts == (mode != .shared))
      let interpreter = recipe.interpreter(for: .x86_64)
      #expect((interpreter == nil) == (mode.isStatic || mode == .shared))
      #expect(interpreter?.hasPrefix("/") ?? true)
    }
  }

  @Test func modesThatSystemsDoNotHave() {
    #expect(throws: ImageError.self) { try StartupFiles.recipe(.haiku, .static) }
    #expect(throws: ImageError.self) { try StartupFiles.recipe(.illumos, .static) }
    #expect(throws: ImageError.self) { try StartupFiles.recipe(.freeBSD, .staticPIE) }
    do throws(ImageError) {
      _ = try StartupFiles.recipe(.illumos, .staticPIE)
    } catch {
      #expect(
        error.message
          == "illumos has no start-up files for 'static-pie'; it has them for: dynamic, pie, shared"
      )
    }
  }

  @Test func interpretersOfMachines() throws {
    let glibc = try StartupFiles.recipe(.linuxGlibc, .dynamic)
    #expect(
      ImageMachine.allCases.map { glibc.interpreter(for: $0) } == [
        "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-linux-armhf.so.3",
        "/lib/ld-linux-riscv64-lp64d.so.1", "/lib64/ld-linux.so.2",
      ])
    let musl = try StartupFiles.recipe(.linuxMusl, .dynamic)
    #expect(musl.interpreter(for: .arm) == "/lib/ld-musl-armhf.so.1")
    #expect(musl.interpreter(for: .sparc64) == nil)
    #expect(StartupFiles.multiarch(.arm, isMusl: false) == "arm-linux-gnueabihf")
    #expect(StartupFiles.multiarch(.x86_64, isMusl: true) == "x86_64-linux-musl")
  }

  // MARK: Search

  @Test(arguments: [StartupFiles.System.linuxGlibc, .linuxMusl])
  func filesOfThisMachine(system: StartupFiles.System) throws {
    for mode in StartupFiles.Mode.allCases {
      let recipe = try StartupFiles.recipe(system, mode)
      let found = try recipe.find(machine: .x86_64, directories: [])
      for path in found.beginning + found.end { #expect(access(path, R_OK) == 0, "\(path)") }
      #expect(found.beginning.count == recipe.beginning.count)
      #expect(found.end.count == recipe.end.count)
      #expect(found.libraries.contains { $0.name == "c" })
      #expect(found.isAloneInSearch == (system == .linuxMusl))
      #expect(found.beginning.contains { $0.contains("musl") } == (system == .linuxMusl))
    }
  }

  @Test func directoriesOfTheCallerGoFirst() throws {
    let scratch = try Scratch()
    for name in ["crt0.o", "crtbegin.o", "crtend.o", "libc.a"] { try scratch.write([], to: name) }
    let recipe = try StartupFiles.recipe(.openBSD, .static)
    let found = try recipe.find(machine: .aarch64, directories: ["/no/such", scratch.path])
    #expect(found.beginning == ["crt0.o", "crtbegin.o"].map { "\(scratch.path)/\($0)" })
    #expect(found.end == ["\(scratch.path)/crtend.o"])
    #expect(found.libraries.map(\.name) == ["c"])
    #expect(found.libraryDirectories == [scratch.path])
  }

  @Test func missingFilesAreNamed() throws {
    let scratch = try Scratch()
    func message(_ system: StartupFiles.System, _ directories: [String]) throws -> String? {
      let recipe = try StartupFiles.recipe(system, .dynamic)
      do throws(ImageError) {
        _ = try recipe.find(machine: .x86_64, directories: directories)
        return nil
      } catch {
        #expect(error.code == .inputs)
        return error.message
      }
    }
    let none = try #require(try message(.freeBSD, []))
    #expect(
      none.contains("freebsd for x86-64 (crt1.o, crti.o, crtn.o), looked for in no directory"))
    for name in ["crt1.o", "crti.o", "crtn.o"] { try scratch.write([], to: name) }
    let compiler = try #require(try message(.freeBSD, [scratch.path]))
    #expect(compiler.contains("cannot find crtbegin.o, which the C compiler"))
  }

  @Test func versionsOfCompilers() {
    #expect(StartupFiles.version("12") == [12])
    #expect(StartupFiles.version("9.4.0") == [9, 4, 0])
    #expect(StartupFiles.version("include") == nil)
    #expect(StartupFiles.version("12-win32") == nil)
  }
}
