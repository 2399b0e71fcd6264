import Platform

/// Checks one linked file against the rules that the loader, the unwinder and the ABI documents
/// set; no second file is needed.
///
/// Each rule is of the kind "a program would break, or a tool would be misled", so a finding is a
/// linker's bug, not a matter of taste.
public func check(path: String, ignoring ignored: Set<Aspect> = []) throws -> Findings {
  checkFile(try ELFFile(path: path), ignoring: ignored)
}

/// As `check(path:ignoring:)` for bytes in memory, which must stay there during the call.
public func check(
  bytes: UnsafeRawBufferPointer, name: String, ignoring ignored: Set<Aspect> = []
) throws -> Findings {
  checkFile(try ELFFile(path: name, memory: bytes), ignoring: ignored)
}

func checkFile(_ file: ELFFile, ignoring ignored: Set<Aspect>) -> Findings {
  var checker = Checker(file: file, findings: Findings(ignoring: ignored))
  checker.checkHeader()
  checker.checkSegments()
  checker.checkSections()
  checker.checkSymbolTables()
  checker.checkDynamic()
  checker.checkVersions()
  checker.checkHashTables()
  checker.checkRelocations()
  checker.checkUnwind()
  checker.checkNotes()
  return checker.findings
}

/// The file under test and what was found so far.
struct Checker {
  let file: ELFFile
  let dynamic: DynamicTables?
  var findings: Findings

  init(file: ELFFile, findings: Findings) {
    self.file = file
    self.findings = findings
    dynamic = file.readDynamicTables()
  }

  mutating func expect(
    _ condition: Bool, _ aspect: Aspect, _ subject: @autoclosure () -> String,
    _ detail: @autoclosure () -> String
  ) {
    if !condition { findings.add(aspect, subject(), detail()) }
  }
}

/// The page size that protection works with on the machines known here; a larger one only makes
/// rules about pages stricter.
let pageSize: UInt64 = 4096

extension UInt64 {
  var roundedDownToPage: UInt64 { self & ~(pageSize - 1) }
  var roundedUpToPage: UInt64 { addingClamped(pageSize - 1) & ~(pageSize - 1) }
  var isPowerOfTwo: Bool { self != 0 && self & (self - 1) == 0 }
}
