import Glibc

/// A system call's failure.
public struct Errno: Error, Equatable, CustomStringConvertible {
  public let code: Int32
  public init(_ code: Int32) { self.code = code }
  public static var current: Errno { Errno(errno) }
  public static let noEntry = Errno(ENOENT)
  public var description: String { String(cString: strerror(code)) }
}

/// Repeats `call` while it is interrupted; a negative result becomes a thrown `Errno`.
@inlinable
public func retrying<I: FixedWidthInteger & SignedInteger>(
  _ call: () -> I
) throws(Errno) -> I {
  while true {
    let result = call()
    if result >= 0 { return result }
    if errno != EINTR { throw Errno(errno) }
  }
}
