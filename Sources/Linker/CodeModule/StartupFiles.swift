import Glibc

/// What a program in C is linked with on a system, around its own objects.
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
  }
}
