import ELFFormat
import Platform

/// `.got`, the global offset table (GOT): slots of a pointer's width, keyed by symbol and use; numbers are given once.
struct OffsetTable {
  enum Use: UInt8 {
    /// The symbol's address.
    case address
    /// The address that an indirect function's resolver returns.
    case indirect
    case tlsModule, tlsModuleOffset
    /// Offset from the thread pointer.
    case tlsOffset
    /// Two slots.
    case tlsDescriptor, tlsDescriptorArgument
    /// This module's number, for local-dynamic accesses; the next slot is zero.
    case localModule, zero
  }
  struct Slot {
    var use: Use
    var extra: ExtraIndex
  }
  var slots: [Slot] = []
  var localDynamicSlot: Int32 = -1

  mutating func add(_ use: Use, _ extra: ExtraIndex) -> Int32 {
    slots.append(Slot(use: use, extra: extra))
    return Int32(slots.count - 1)
  }
}

/// `.plt` and `.plt.got`: stubs for functions that other components or resolvers supply.
struct ProcedureLinkageTable {
  /// Bound at the first call, through `.got.plt`.
  var lazy: [ExtraIndex] = []
  /// Through slots of `.got`, filled at start.
  var direct: [ExtraIndex] = []
}

extension ReadsLayout {
  /// Address of a symbol's PLT entry, if it has one; after layout.
  @inline(__always)
  func pltAddress(_ extra: SymbolExtra) -> UInt64? {
    if extra.lazyEntry >= 0 { return lazyPLTStart &+ UInt64(extra.lazyEntry) &* pltEntrySize }
    if extra.directEntry >= 0 {
      return directPLTStart &+ UInt64(extra.directEntry) &* directPLTEntrySize
    }
    return nil
  }
}

extension ReadsNaming {
  /// The extra record of a symbol, made if it has none.
  func ensureExtra(_ symbol: SymbolIndex) -> ExtraIndex {
    if symbols[symbol].extra.isNone {
      symbols[symbol].extra = extras.append(
        SymbolExtra(symbol: symbol, file: .none, source: 0))
    }
    return symbols[symbol].extra
  }
}

extension ReadsNaming where Self: ReadsContents {
  /// The output section that a copied variable lies in.
  func copyOutput(of symbol: SymbolIndex) -> OutputIndex { atoms[symbols[symbol].atom].output }
}
