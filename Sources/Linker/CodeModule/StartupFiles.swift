/// What a program in C is linked with on a system, around its own objects: the files that it starts
/// and ends with, the C library and the compiler's support library, and the program interpreter.
///
/// This is the table by system and mode; `StartupFiles+Search` finds the files on this machine, and
/// `StartupFiles+Machines` has what differs between machines.
public struct StartupFiles: Hashable, Sendable {
  public enum System: String, CaseIterable, Sendable {
    case linuxGlibc = "linux-glibc"
    case linuxMusl = "linux-musl"
    case freeBSD = "freebsd"
    case openBSD = "openbsd"
    case netBSD = "netbsd"
    case dragonFly = "dragonfly"
    case haiku
    case illumos
    case android
  }

  public enum Mode: String, CaseIterable, Sendable {
    /// An executable at fixed addresses that uses shared libraries.
    case dynamic
    /// An executable at fixed addresses without.
    case `static`
    /// An executable that can be loaded anywhere and uses shared libraries.
    case pie
    /// An executable that can be loaded anywhere, without.
    case staticPIE = "static-pie"
    case shared

    var isStatic: Bool { self == .static || self == .staticPIE }
    /// Addresses are known when the program is linked.
    var isAtFixedAddress: Bool { self == .dynamic || self == .static }
  }

  /// A file by its base name.
  public struct File: Hashable, Sendable {
    /// Whose it is, which decides where it is looked for.
    public enum Owner: Sendable { case system, compiler }
    public var name: String
    public var owner: Owner
    /// A program does without it where there is none.
    public var isOptional: Bool
  }

  /// A library by the name that `-l` takes.
  public struct Library: Hashable, Sendable {
    public var name: String
    /// Only if something in it is used: `--as-needed`.
    public var isAsNeeded: Bool
    /// A program does without it where there is none.
    public var isOptional: Bool
  }

  public let system: System
  public let mode: Mode
  /// The symbol at which a program starts.
  public let entry: String
  /// In front of all other inputs, in this order.
  public let beginning: [File]
  /// Behind all other inputs and libraries, in this order.
  public let end: [File]
  /// Behind all other inputs.
  public let libraries: [Library]

  /// The files of a system for a mode.
  ///
  /// - Throws: `ImageError.Code.invalid` if the system does not have programs of that mode.
  public static func recipe(_ system: System, _ mode: Mode) throws(ImageError) -> StartupFiles {
    guard let names = names(system, mode) else {
      throw ImageError(
        .invalid,
        "\(system.rawValue) has no start-up files for '\(mode.rawValue)'; it has them for: "
          + Mode.allCases.filter { names(system, $0) != nil }.map(\.rawValue)
          .joined(separator: ", "))
    }
    return StartupFiles(
      system: system, mode: mode, entry: system == .openBSD ? "__start" : "_start",
      beginning: names.beginning.map { file($0, system) }, end: names.end.map { file($0, system) },
      libraries: names.libraries.map { library($0) })
  }

  // MARK: Table

  private typealias Names = (beginning: [String], libraries: [String], end: [String])

  /// Names of files and libraries; `?` behind one marks what a program can do without, `+` a library
  /// that is taken only as needed.
  private static func names(_ system: System, _ mode: Mode) -> Names? {
    switch system {
    case .linuxGlibc: glibc(mode)
    case .linuxMusl: musl(mode)
    case .freeBSD: freeBSD(mode)
    case .openBSD: openBSD(mode)
    case .netBSD: netBSD(mode)
    case .dragonFly: dragonFly(mode)
    case .haiku: haiku(mode)
    case .illumos: illumos(mode)
    case .android: android(mode)
    }
  }

  /// Source: the glibc manual's account of static PIE (`rcrt1.o`); "Mini FAQ about the misc libc/gcc
  /// crt files" of uClibc's documentation for the rest and for the order; GCC manual, "Link Options",
  /// for libgcc, libgcc_eh and libgcc_s.
  private static func glibc(_ mode: Mode) -> Names {
    switch mode {
    case .dynamic:
      (["crt1.o", "crti.o", "crtbegin.o"], ["gcc", "gcc_s+", "c"], ["crtend.o", "crtn.o"])
    case .static:
      (["crt1.o", "crti.o", "crtbeginT.o"], ["gcc", "gcc_eh", "c"], ["crtend.o", "crtn.o"])
    case .pie:
      (["Scrt1.o", "crti.o", "crtbeginS.o"], ["gcc", "gcc_s+", "c"], ["crtendS.o", "crtn.o"])
    case .staticPIE:
      (["rcrt1.o", "crti.o", "crtbeginS.o"], ["gcc", "gcc_eh", "c"], ["crtendS.o", "crtn.o"])
    case .shared: (["crti.o", "crtbeginS.o"], ["gcc", "gcc_s+", "c"], ["crtendS.o", "crtn.o"])
    }
  }

  /// The C library's start-up code calls constructors itself, so the compiler's files are a plus.
  /// Source: the `musl-gcc.specs` that musl installs.
  private static func musl(_ mode: Mode) -> Names {
    switch mode {
    case .dynamic:
      (["crt1.o", "crti.o", "crtbegin.o?"], ["c", "gcc?", "gcc_eh?"], ["crtend.o?", "crtn.o"])
    case .static:
      (["crt1.o", "crti.o", "crtbeginT.o?"], ["c", "gcc?", "gcc_eh?"], ["crtend.o?", "crtn.o"])
    case .pie:
      (["Scrt1.o", "crti.o", "crtbeginS.o?"], ["c", "gcc?", "gcc_eh?"], ["crtendS.o?", "crtn.o"])
    case .staticPIE:
      (["rcrt1.o", "crti.o", "crtbeginS.o?"], ["c", "gcc?", "gcc_eh?"], ["crtendS.o?", "crtn.o"])
    case .shared:
      (["crti.o", "crtbeginS.o?"], ["c", "gcc?", "gcc_eh?"], ["crtendS.o?", "crtn.o"])
    }
  }

  /// Source: what FreeBSD's `lib/csu` installs in /usr/lib; its `cc` names them with `-v`.
  private static func freeBSD(_ mode: Mode) -> Names? {
    switch mode {
    case .dynamic:
      (["crt1.o", "crti.o", "crtbegin.o"], ["gcc", "gcc_s+", "c"], ["crtend.o", "crtn.o"])
    case .static:
      (["crt1.o", "crti.o", "crtbeginT.o"], ["gcc", "gcc_eh", "c"], ["crtend.o", "crtn.o"])
    case .pie:
      (["Scrt1.o", "crti.o", "crtbeginS.o"], ["gcc", "gcc_s+", "c"], ["crtendS.o", "crtn.o"])
    case .staticPIE: nil
    case .shared: (["crti.o", "crtbeginS.o"], ["gcc", "gcc_s+", "c"], ["crtendS.o", "crtn.o"])
    }
  }

  /// Source: "OpenBSD's Position Independent Executable (PIE) Implementation" (NYCBSDCon 2008), for
  /// the order and `__start`; OpenBSD 5.7 release notes for static PIE, whose `rcrt0.o` relocates
  /// itself.
  private static func openBSD(_ mode: Mode) -> Names {
    switch mode {
    case .dynamic, .pie, .static:
      (["crt0.o", "crtbegin.o"], ["compiler_rt?", "c"], ["crtend.o"])
    case .staticPIE: (["rcrt0.o", "crtbegin.o"], ["compiler_rt?", "c"], ["crtend.o"])
    case .shared: (["crtbeginS.o"], ["compiler_rt?", "c"], ["crtendS.o"])
    }
  }

  /// Source: what NetBSD's `lib/csu` installs in /usr/lib.
  private static func netBSD(_ mode: Mode) -> Names {
    switch mode {
    case .dynamic:
      (["crt0.o", "crti.o", "crtbegin.o"], ["c", "gcc", "gcc_s+"], ["crtend.o", "crtn.o"])
    case .static:
      (["crt0.o", "crti.o", "crtbegin.o"], ["c", "gcc", "gcc_eh?"], ["crtend.o", "crtn.o"])
    case .pie:
      (["crt0.o", "crti.o", "crtbeginS.o"], ["c", "gcc", "gcc_s+"], ["crtendS.o", "crtn.o"])
    case .staticPIE:
      (["crt0.o", "crti.o", "crtbeginS.o"], ["c", "gcc", "gcc_eh?"], ["crtendS.o", "crtn.o"])
    case .shared: (["crti.o", "crtbeginS.o"], ["c", "gcc", "gcc_s+"], ["crtendS.o", "crtn.o"])
    }
  }

  /// The shared form of the compiler's library is `libgcc_pic.so`. Source: what DragonFly's `lib/csu`
  /// and `gnu/lib/gcc*` install.
  private static func dragonFly(_ mode: Mode) -> Names? {
    switch mode {
    case .dynamic:
      (["crt1.o", "crti.o", "crtbegin.o"], ["c", "gcc", "gcc_pic+"], ["crtend.o", "crtn.o"])
    case .static:
      (["crt1.o", "crti.o", "crtbegin.o"], ["c", "gcc", "gcc_eh"], ["crtend.o", "crtn.o"])
    case .pie:
      (["Scrt1.o", "crti.o", "crtbeginS.o"], ["c", "gcc", "gcc_pic+"], ["crtendS.o", "crtn.o"])
    case .staticPIE: nil
    case .shared: (["crti.o", "crtbeginS.o"], ["c", "gcc", "gcc_pic+"], ["crtendS.o", "crtn.o"])
    }
  }

  /// All programs can be loaded anywhere, and all use `libroot.so`. Source: what Haiku's
  /// `src/system/glue` installs in /boot/system/develop/lib, and `gcc -v` there.
  private static func haiku(_ mode: Mode) -> Names? {
    switch mode {
    case .pie, .dynamic:
      (
        ["crti.o", "crtbeginS.o", "start_dyn.o", "init_term_dyn.o"], ["gcc", "gcc_s+", "root"],
        ["crtendS.o", "crtn.o"]
      )
    case .shared:
      (
        ["crti.o", "crtbeginS.o", "init_term_dyn.o"], ["gcc", "gcc_s+", "root"],
        ["crtendS.o", "crtn.o"]
      )
    case .static, .staticPIE: nil
    }
  }

  /// There is no static C library. `values-*.o` choose the standard that the library follows.
  /// Source: crt1.o(7) for the order; illumos, "Writing large-file and standards-conforming
  /// programs", and standards(7) for `values-Xa.o` and `values-xpg6.o`.
  private static func illumos(_ mode: Mode) -> Names? {
    switch mode {
    case .dynamic, .pie:
      (
        ["crt1.o", "crti.o", "values-Xa.o", "values-xpg6.o", "crtbegin.o"], ["gcc", "gcc_s+", "c"],
        ["crtend.o", "crtn.o"]
      )
    case .shared:
      (
        ["crti.o", "values-Xa.o", "values-xpg6.o", "crtbegin.o"], ["gcc", "gcc_s+", "c"],
        ["crtend.o", "crtn.o"]
      )
    case .static, .staticPIE: nil
    }
  }

  /// The C library brings what elsewhere is the compiler's. Source: the NDK's
  /// `sysroot/usr/lib/TRIPLE/API` directories, and its "Build System Maintainers Guide".
  private static func android(_ mode: Mode) -> Names {
    switch mode {
    case .dynamic, .pie: (["crtbegin_dynamic.o"], ["c", "dl"], ["crtend_android.o"])
    case .static, .staticPIE: (["crtbegin_static.o"], ["c"], ["crtend_android.o"])
    case .shared: (["crtbegin_so.o"], ["c", "dl"], ["crtend_so.o"])
    }
  }

  private static func file(_ text: String, _ system: System) -> File {
    let isOptional = text.hasSuffix("?")
    let name = isOptional ? String(text.dropLast()) : text
    let isCompilers =
      system != .android && (name.hasPrefix("crtbegin") || name.hasPrefix("crtend"))
    return File(name: name, owner: isCompilers ? .compiler : .system, isOptional: isOptional)
  }

  private static func library(_ text: String) -> Library {
    let isOptional = text.hasSuffix("?")
    let isAsNeeded = text.hasSuffix("+")
    return Library(
      name: isOptional || isAsNeeded ? String(text.dropLast()) : text, isAsNeeded: isAsNeeded,
      isOptional: isOptional || isAsNeeded)
  }
}
