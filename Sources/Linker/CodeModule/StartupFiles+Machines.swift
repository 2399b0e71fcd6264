/// Names that systems have for machines, and where their program interpreters lie.
extension StartupFiles {
  /// The first part of GNU's name for a machine.
  static func architecture(_ machine: ImageMachine) -> String {
    switch machine {
    case .x86_64: "x86_64"
    case .aarch64: "aarch64"
    case .arm: "arm"
    case .riscv64: "riscv64"
    case .sparc64: "sparc64"
    }
  }

  /// The directory's name for a machine where several share /usr/lib. Source: Debian, "Multiarch
  /// Tuples".
  static func multiarch(_ machine: ImageMachine, isMusl: Bool) -> String {
    architecture(machine) + (isMusl ? "-linux-musl" : "-linux-gnu")
      + (machine == .arm ? "eabihf" : "")
  }

  /// The program interpreter of dynamic programs; nil for static ones, and for machines that the
  /// system does not run on.
  public func interpreter(for machine: ImageMachine) -> String? {
    if mode.isStatic || mode == .shared { return nil }
    switch system {
    case .linuxGlibc: return Self.glibcInterpreter(machine)
    case .linuxMusl: return Self.muslArchitecture(machine).map { "/lib/ld-musl-\($0).so.1" }
    // Source: rtld(1) of FreeBSD and DragonFly, ld.so(1) of OpenBSD, ld.elf_so(1) of NetBSD.
    case .freeBSD: return "/libexec/ld-elf.so.1"
    case .openBSD: return "/usr/libexec/ld.so"
    case .netBSD: return "/usr/libexec/ld.elf_so"
    case .dragonFly: return machine == .x86_64 ? "/usr/libexec/ld-elf.so.2" : nil
    // Source: Haiku's `runtime_loader`.
    case .haiku: return "/system/runtime_loader"
    // Source: ld.so.1(1) of illumos.
    case .illumos:
      switch machine {
      case .x86_64: return "/lib/amd64/ld.so.1"
      case .sparc64: return "/lib/sparcv9/ld.so.1"
      default: return nil
      }
    // Source: bionic's `linker`, whose name tells the class.
    case .android: return machine == .arm ? "/system/bin/linker" : "/system/bin/linker64"
    }
  }

  /// Source: glibc, "Supported Configurations" and the machines' psABIs, "Program Interpreter".
  private static func glibcInterpreter(_ machine: ImageMachine) -> String {
    switch machine {
    case .x86_64: "/lib64/ld-linux-x86-64.so.2"
    case .aarch64: "/lib/ld-linux-aarch64.so.1"
    case .arm: "/lib/ld-linux-armhf.so.3"
    case .riscv64: "/lib/ld-linux-riscv64-lp64d.so.1"
    case .sparc64: "/lib64/ld-linux.so.2"
    }
  }

  /// musl's name for a machine; nil for one that it is not made for. Source: musl's INSTALL and
  /// "Guidelines for Distributions".
  static func muslArchitecture(_ machine: ImageMachine) -> String? {
    switch machine {
    case .arm: "armhf"
    case .sparc64: nil
    default: architecture(machine)
    }
  }
}
