import ELFFormat
import Platform

extension AssignAddresses {
  /// Source: gABI, "ELF Header", e_phnum: more are counted elsewhere, where no loader looks.
  func checkSegmentCount() {
    if segments.count < Int(UInt16.max) { return }
    diagnostics.error(
      "the output has \(segments.count) program headers, and a file has at most"
        + " \(UInt16.max - 1); give notes that follow each other one alignment, or fewer sections"
        + " addresses of their own")
  }

  /// The image begins with a page of the file.
  func checkImageBase() {
    guard let base = options.imageBase, base & (maximumPageSize - 1) != 0 else { return }
    diagnostics.error(
      "the image base 0x\(String(base, radix: 16)) is not a multiple of the page size"
        + " 0x\(String(maximumPageSize, radix: 16)); change --image-base, -Ttext-segment or"
        + " -z max-page-size")
  }
}
