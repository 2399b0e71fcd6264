import Glibc
import Platform

/// A growing table of an image. A `ReservedTable` has its address space from the start, and ends the
/// process when that is used up; an image is held by a compiler, so its tables take what they need,
/// and room that the system does not give is an error.
///
/// `makeRoom` is what can fail. It moves the table, so no pointer to an element outlives it. Between
/// it and the next one so many elements can be appended as it was asked for.
struct GrowingMemory<Element: BitwiseCopyable> {
  private struct Header {
    var base: UnsafeMutablePointer<Element>?
    var count = 0
    var capacity = 0
  }
  private let header: UnsafeMutablePointer<Header>
  /// What the elements are, for messages.
  private let content: StaticString

  /// - Parameter content: in the plural.
  init(of content: StaticString) {
    self.content = content
    header = .allocate(capacity: 1)
    header.initialize(to: Header())
  }

  /// Gives the memory back. Safety: nobody uses the table afterwards.
  func release() {
    if let base = header.pointee.base {
      releaseAddressSpace(base, bytes: header.pointee.capacity * MemoryLayout<Element>.stride)
    }
    header.deallocate()
  }

  @inline(__always) var count: Int { header.pointee.count }
  @inline(__always)
  var base: UnsafeMutablePointer<Element> { header.pointee.base.unsafelyUnwrapped }

  /// Makes sure that `more` elements can be appended.
  @inline(__always)
  func makeRoom(for more: Int) throws(ImageError) {
    if more > header.pointee.capacity &- header.pointee.count { try grow(by: more) }
  }

  private func grow(by more: Int) throws(ImageError) {
    let stride = MemoryLayout<Element>.stride
    let old = header.pointee.capacity
    // Indices have 32 bits, and the highest is nobody's.
    guard more < Int(UInt32.max) - count else { throw full(more) }
    let needed = max(count + more, (1 << 16) / stride)
    // Twice as many, so that moving them costs a constant share of making them; fewer where there
    // is too little for that.
    for capacity in [max(needed, 2 * old), needed] {
      let start =
        if let base = header.pointee.base {
          tryGrowingAddressSpace(base, from: old * stride, to: capacity * stride)
        } else {
          tryReservingAddressSpace(bytes: capacity * stride)
        }
      guard let start else { continue }
      header.pointee.base = start.bindMemory(to: Element.self, capacity: capacity)
      header.pointee.capacity = capacity
      // The whole of it: a part would be a mapping of its own, and could not be made larger with
      // the rest.
      if capacity * stride >= 8 << 20 { madvise(start, capacity * stride, MADV_HUGEPAGE) }
      return
    }
    throw full(more)
  }

  private func full(_ more: Int) -> ImageError {
    ImageError(
      .outOfRoom,
      "out of memory: no room for \(more) more \(content) than \(count); \(memoryRemedy)")
  }

  /// Appends an element, for which there is room.
  @inline(__always)
  @discardableResult
  func append(_ element: Element) -> Int {
    let index = header.pointee.count
    precondition(index < header.pointee.capacity)
    header.pointee.count = index &+ 1
    (base + index).initialize(to: element)
    return index
  }

  func removeLast() {
    precondition(count > 0)
    header.pointee.count -= 1
  }

  @inline(__always)
  subscript(index: UInt32) -> Element {
    unsafeAddress {
      assert(Int(index) < count)
      return UnsafePointer(base + Int(index))
    }
    nonmutating unsafeMutableAddress {
      assert(Int(index) < count)
      return base + Int(index)
    }
  }

  @inline(__always)
  subscript(index: Int) -> Element {
    unsafeAddress {
      assert(index >= 0 && index < count)
      return UnsafePointer(base + index)
    }
    nonmutating unsafeMutableAddress {
      assert(index >= 0 && index < count)
      return base + index
    }
  }
}

/// A `GrowingMemory` reached by its own kind of index.
struct GrowingTable<Index: TableIndex, Element: BitwiseCopyable> {
  let storage: GrowingMemory<Element>

  init(of content: StaticString) { storage = GrowingMemory(of: content) }

  @inline(__always) var count: Int { storage.count }

  func release() { storage.release() }

  @inline(__always)
  func makeRoom(for more: Int) throws(ImageError) { try storage.makeRoom(for: more) }

  @inline(__always)
  @discardableResult
  func append(_ element: Element) -> Index { Index(storage.append(element)) }

  @inline(__always)
  subscript(index: Index) -> Element {
    unsafeAddress {
      assert(index.int < storage.count)
      return UnsafePointer(storage.base + index.int)
    }
    nonmutating unsafeMutableAddress {
      assert(index.int < storage.count)
      return storage.base + index.int
    }
  }

  @inline(__always)
  func pointer(_ index: Index) -> UnsafeMutablePointer<Element> {
    assert(index.int < storage.count)
    return storage.base + index.int
  }
}
