import ELFFormat
import Platform

/// The linker-made sections of an output; `.none` for those that it does without.
struct SyntheticSections {
  var interpreter = OutputIndex.none
  var propertyNote = OutputIndex.none
  var buildID = OutputIndex.none
  var packageNote = OutputIndex.none
  var dynamicSymbols = OutputIndex.none
  /// `.dynsym_shndx`: section numbers that do not fit into `.dynsym`.
  var dynamicIndices = OutputIndex.none
  var dynamicNames = OutputIndex.none
  var sysvHash = OutputIndex.none
  var gnuHash = OutputIndex.none
  var versionSymbols = OutputIndex.none
  var versionDefinitions = OutputIndex.none
  var versionNeeds = OutputIndex.none
  var dynamicRelocations = OutputIndex.none
  var pltRelocations = OutputIndex.none
  var relativeRelocations = OutputIndex.none
  var procedureLinkage = OutputIndex.none
  /// `.plt.sec`: with branch tracking, the part of lazy entries that is called.
  var procedureLinkageSecond = OutputIndex.none
  /// `.plt.got`.
  var procedureLinkageOffset = OutputIndex.none
  var offsetTable = OutputIndex.none
  var pltOffsetTable = OutputIndex.none
  var dynamic = OutputIndex.none
  var frames = OutputIndex.none
  var frameHeader = OutputIndex.none
  var symbolTable = OutputIndex.none
  var symbolNames = OutputIndex.none
  var sectionNames = OutputIndex.none
  var extendedIndices = OutputIndex.none
}

extension UsesServices {
  /// The loader's path; nil if the output has none.
  var interpreterPath: String? {
    if options.noDynamicLinker || isSharedLibrary && options.dynamicLinker == nil { return nil }
    if isSharedLibrary || options.isStatic { return nil }
    return options.dynamicLinker ?? target.interpreter
  }
}
