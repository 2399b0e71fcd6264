import Platform

/// A position in one of the link's tables; each table has its own kind, so that they don't mix.
protocol TableIndex: Hashable, Sendable {
  var raw: UInt32 { get }
  init(raw: UInt32)
}

extension TableIndex {
  @inline(__always) init(_ index: Int) { self.init(raw: UInt32(truncatingIfNeeded: index)) }
  @inline(__always) var int: Int { Int(raw) }
  /// "Nothing": tables are kept smaller than this.
  @inline(__always) static var none: Self { Self(raw: .max) }
  @inline(__always) var isNone: Bool { raw == .max }
}

struct FileIndex: TableIndex { var raw: UInt32 }
struct LibraryIndex: TableIndex { var raw: UInt32 }
struct SymbolIndex: TableIndex { var raw: UInt32 }
struct ExtraIndex: TableIndex { var raw: UInt32 }
struct AtomIndex: TableIndex { var raw: UInt32 }
struct FrameIndex: TableIndex { var raw: UInt32 }
struct GroupIndex: TableIndex { var raw: UInt32 }
struct OutputIndex: TableIndex { var raw: UInt32 }
struct MergeIndex: TableIndex { var raw: UInt32 }

/// A `ReservedTable` reached by its own kind of index.
struct Table<Index: TableIndex, Element: BitwiseCopyable>: Sendable {
  let storage: ReservedTable<Element>

  init(capacity: Int, of content: StaticString) {
    storage = ReservedTable(capacity: capacity, of: content)
  }

  @inline(__always) var count: Int { storage.count }
  @inline(__always) var base: UnsafeMutablePointer<Element> { storage.base }
  @inline(__always) var indices: Range<Int> { 0..<storage.count }

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

  @discardableResult
  func append(_ element: Element) -> Index { Index(storage.append(element)) }

  /// Makes `count` more elements, all bytes zero, and returns the index of the first.
  func reserve(count: Int) -> Index { Index(storage.reserve(count: count)) }

  /// Says that nearly all of these elements are about to be written.
  func expectWrites(to range: Range<Int>) { storage.expectWrites(to: range) }
}
