/// Elements one behind the other, reached by their numbers.
///
/// Safety: numbers are checked in debug builds only; they come from the engine, never unchecked from a
/// file.
public protocol ElementStorage<Element> {
  associatedtype Element: BitwiseCopyable
  var base: UnsafeMutablePointer<Element> { get }
  var count: Int { get }
}

extension ElementStorage {
  @inlinable
  @inline(__always)
  public subscript(index: Int) -> Element {
    unsafeAddress {
      assert(index >= 0 && index < count)
      return UnsafePointer(base + index)
    }
    nonmutating unsafeMutableAddress {
      assert(index >= 0 && index < count)
      return base + index
    }
  }

  @inlinable
  @inline(__always)
  public subscript(index: UInt32) -> Element {
    unsafeAddress { UnsafePointer(pointer(index)) }
    nonmutating unsafeMutableAddress { pointer(index) }
  }

  @inlinable
  @inline(__always)
  public func pointer(_ index: UInt32) -> UnsafeMutablePointer<Element> {
    assert(Int(index) < count)
    return base + Int(index)
  }
}
