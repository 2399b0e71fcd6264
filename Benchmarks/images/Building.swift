import Weld

/// An image of many small functions, from nothing to the file.
func measureBuilding(_ count: Int, directory: String, rounds: Int) throws {
  let names = (0..<count).map { "module_function_\($0)" }
  let code = [UInt8](repeating: 0x90, count: 100)
  var rows: [[String]] = []
  for round in 1...rounds {
    try withOutput(in: directory) { path in
      let start = processorSeconds()
      let wallStart = now()
      var options = ImageOptions(machine: .host, path: path)
      // The default reserve: large programs outgrow it.
      options.checksInvariants = false
      let image = try ElfImage(options)
      for i in 0..<count {
        let symbol = try image.updateFunction(
          Declaration(UInt64(i)), name: names[i], code: code)
        _ = try image.offsetTableAddress(of: symbol)
      }
      try image.updateExports(Declaration(0), [Export("_start")])
      let placed = processorSeconds()
      try image.flush()
      let end = processorSeconds()
      let wall = Double(now() - wallStart) / 1e9
      rows.append([
        "\(round)", text(placed - start), text(end - placed), text(end - start), text(wall),
        grouped(image.counts.fileBytesWritten),
      ])
    }
  }
  table(
    "Building \(grouped(count)) functions of 100 bytes, a name and a slot each, and the first flush",
    [
      "round", "declarations, processor s", "flush, processor s", "both, processor s",
      "both, wall s", "bytes to the file",
    ], rows)
}
