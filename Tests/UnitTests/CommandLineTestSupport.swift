import Linker
import Platform
import Testing

@testable import LinkerCLI

/// Parses a line given as words separated by spaces.
func parseLine(
  _ line: String, files: [String: String] = [:], environment: [String: String] = [:]
) -> ParsedCommandLine {
  CommandLineParser.parse(
    line.split(whereSeparator: \.isWhitespace).map(String.init),
    readFile: { name in
      files[name].map { .success(fileContents(Array($0.utf8))) } ?? .failure(.noEntry)
    }, environment: environment)
}

/// Bytes posing as a file, for good.
func fileContents(_ bytes: [UInt8]) -> MappedInput {
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  copy.copyBytes(from: bytes)
  return MappedInput(memory: UnsafeRawBufferPointer(copy))
}

/// The options of a line that must parse, without warnings unless told otherwise.
func linkOptions(
  _ line: String, files: [String: String] = [:], environment: [String: String] = [:],
  warnings expected: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
) -> LinkOptions {
  switch parseLine(line, files: files, environment: environment) {
  case .link(let options, let warnings):
    #expect(warnings == expected, sourceLocation: sourceLocation)
    return options
  case .print(let text):
    Issue.record("printed \(text)", sourceLocation: sourceLocation)
  case .failure(let errors):
    Issue.record("failed: \(errors)", sourceLocation: sourceLocation)
  }
  return LinkOptions()
}

func parseFailures(_ line: String, files: [String: String] = [:]) -> [String] {
  guard case .failure(let errors) = parseLine(line, files: files) else { return [] }
  return errors
}

extension LinkOptions {
  /// Paths and library names in order, for short expectations.
  var inputNames: [String] {
    inputs.map {
      switch $0.kind {
      case .path(let path): path
      case .library(let name): "-l" + name
      case .script(let path): "-T" + path
      }
    }
  }

  func state(of name: String) -> InputState? {
    zip(inputNames, inputs).first { $0.0 == name }?.1.state
  }
}
