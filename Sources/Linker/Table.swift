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
struct OutputIndex: TableIndex { var raw: UInt32 }
struct MergeIndex: TableIndex { var raw: UInt32 }

/// Elements reached by their own kind of index.
struct IndexedTable<Index: TableIndex, Storage: ElementStorage> {
  let storage: Storage

  @inline(__always) var count: Int { storage.count }
  @inline(__always) var base: UnsafeMutablePointer<Storage.Element> { storage.base }
  @inline(__always) var indices: Range<Int> { 0..<storage.count }

  @inline(__always)
  subscript(index: Index) -> Storage.Element {
    unsafeAddress { UnsafePointer(storage.pointer(index.raw)) }
    nonmutating unsafeMutableAddress { storage.pointer(index.raw) }
  }

  @inline(__always)
  func pointer(_ index: Index) -> UnsafeMutablePointer<Storage.Element> {
    storage.pointer(index.raw)
  }
}

extension IndexedTable: Sendable where Storage: Sendable {}

typealias Table<Index: TableIndex, Element: BitwiseCopyable> =
  IndexedTable<Index, ReservedTable<Element>>

extension IndexedTable {
  init<Element>(capacity: Int, of content: StaticString) where Storage == ReservedTable<Element> {
    storage = ReservedTable(capacity: capacity, of: content)
  }

  @discardableResult
  func append<Element>(_ element: Element) -> Index where Storage == ReservedTable<Element> {
    Index(storage.append(element))
  }

  /// Makes `count` more elements, all bytes zero, and returns the index of the first.
  func reserve<Element>(count: Int) -> Index where Storage == ReservedTable<Element> {
    Index(storage.reserve(count: count))
  }

  /// Says that nearly all of these elements are about to be written.
  func expectWrites<Element>(to range: Range<Int>) where Storage == ReservedTable<Element> {
    storage.expectWrites(to: range)
  }
}
