import ELFFormat
import Testing

@testable import Linker

/// Sizes of the records that a link has millions of: one that grows unnoticed costs memory and time.
@Suite struct RecordSizeTests {
  @Test func recordsOfTheLink() {
    #expect(MemoryLayout<ObjectFile>.stride == 256)
    #expect(MemoryLayout<Symbol>.stride == 40)
    #expect(MemoryLayout<SymbolExtra>.stride == 48)
    #expect(MemoryLayout<LocalDemand>.stride == 16)
    #expect(MemoryLayout<NameTable.Occurrence>.stride == 16)
    #expect(MemoryLayout<Provider>.stride == 24)
    #expect(MemoryLayout<Atom>.stride == 64)
    #expect(MemoryLayout<Frame>.stride == 40)
    #expect(MemoryLayout<MergeInput>.stride == 64)
    #expect(MemoryLayout<DynamicRelocation>.stride == 32)
    #expect(MemoryLayout<DecodedRelocations>.stride == 16)
    #expect(MemoryLayout<SectionGroup>.stride == 12)
    #expect(MemoryLayout<AtomIndex>.stride == 4)
    #expect(MemoryLayout<SymbolIndex>.stride == 4)
  }

  /// Bytes of the format's records, by class. Source: gABI.
  @Test func recordsOfTheFormat() {
    #expect(FileHeader<ELF64Little>.size == 64 && FileHeader<ELF32Little>.size == 52)
    #expect(SectionHeader<ELF64Little>.size == 64 && SectionHeader<ELF32Little>.size == 40)
    #expect(SymbolEntry<ELF64Little>.size == 24 && SymbolEntry<ELF32Little>.size == 16)
    #expect(RelaEntry<ELF64Little>.size == 24 && RelaEntry<ELF32Little>.size == 12)
  }
}
