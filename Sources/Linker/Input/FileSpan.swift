/// A share of a loop over what files have, such as symbols: several small files, or a part of a
/// large one. Files differ in size by four orders of magnitude, so a loop that takes them one by one
/// is long in its counter for small ones, and on one processor for a large one.
struct FileSpan: BitwiseCopyable {
  /// Places in the list of files.
  var firstFile: Int
  var endFile: Int
  // Items of the only file; from 0 to no end for all items of every file.
  private var firstItem = 0
  private var endItem = Int.max

  var files: Range<Int> { firstFile..<endFile }

  init(files: Range<Int>) {
    firstFile = files.lowerBound
    endFile = files.upperBound
  }

  private init(file: Int, items: Range<Int>) {
    firstFile = file
    endFile = file + 1
    firstItem = items.lowerBound
    endItem = items.upperBound
  }

  /// The items of a file with `count` that belong to the span.
  @inline(__always)
  func items(_ count: Int) -> Range<Int> { firstItem..<min(endItem, count) }

  /// Cuts files up, in order, so that each span has about `grain` items.
  ///
  /// - Parameter count: the number of items of a file.
  static func spans(files: Range<Int>, grain: Int, count: (Int) -> Int) -> [FileSpan] {
    var spans: [FileSpan] = []
    var first = files.lowerBound
    var items = 0
    func close(_ end: Int) {
      if end > first { spans.append(FileSpan(files: first..<end)) }
      first = end
      items = 0
    }
    for file in files {
      let n = count(file)
      if n > grain * 2 {
        close(file)
        for start in stride(from: 0, to: n, by: grain) {
          spans.append(FileSpan(file: file, items: start..<min(n, start + grain)))
        }
        first = file + 1
        continue
      }
      if items + n > grain { close(file) }
      items += n
    }
    close(files.upperBound)
    return spans
  }
}
