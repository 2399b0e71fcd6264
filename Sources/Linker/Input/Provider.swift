import Platform

/// Who could define a symbol that no live object defines yet: an archive member, an object between
/// `--start-lib` and `--end-lib`, or a shared library.
///
/// Providers are made in command-line order, so the lowest index is the one a user expects to win.
/// Which one is decided without regard to where references come from, as lld and mold do.
struct Provider: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable { case archiveMember, lazyObject, library }
  var kind: Kind
  /// It was chosen: its object is live, or its library is used.
  var isTaken: Bool
  /// Archive index, or file or library index.
  var owner: UInt32
  /// Offset of the member's header in its archive.
  var offset: UInt64
  /// Position that the object gets.
  var position: UInt64
}

/// A name that an archive's index lists, or that its user may call it by.
struct ArchiveName {
  var name: ByteString
  var provider: ProviderIndex
  /// The index has it as `foo@V`.
  var namesVersion = false
}

struct ProviderIndex: TableIndex { var raw: UInt32 }
