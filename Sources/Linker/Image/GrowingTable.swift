import Glibc
import Platform

/// A growing table of an image. A `ReservedTable` has its address space from the start, and ends the
/// process when that is used up; an image is held by a compiler, so its tables take what they need,
/// and room that the system does not give is an error.
///
/// `makeRoom` is what can fail. It moves the table, so no pointer to an element outlives it. Between
/// it and the next one so many elements can be appended as it was asked for.
struct GrowingMemory<Element: BitwiseCopyable>: ElementStorage {
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
}

/// A `GrowingMemory` reached by its own kind of index.
typealias GrowingTable<Index: TableIndex, Element: BitwiseCopyable> =
  IndexedTable<Index, GrowingMemory<Element>>

extension IndexedTable {
  init<Element>(of content: StaticString) where Storage == GrowingMemory<Element> {
    storage = GrowingMemory(of: content)
  }

  func release<Element>() where Storage == GrowingMemory<Element> { storage.release() }

  @inline(__always)
  func makeRoom<Element>(for more: Int) throws(ImageError)
  where Storage == GrowingMemory<Element> { try storage.makeRoom(for: more) }

  @inline(__always)
  @discardableResult
  func append<Element>(_ element: Element) -> Index where Storage == GrowingMemory<Element> {
    Index(storage.append(element))
  }
}
