import SwiftOperators
import SwiftParser
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// Counts what a small program is made of.
final class Counter: SyntaxVisitor {
  var tokens = 0
  var functions = 0

  override func visit(_ token: TokenSyntax) -> SyntaxVisitorContinueKind {
    tokens += 1
    return .visitChildren
  }

  override func visit(_ function: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
    functions += 1
    return .visitChildren
  }
}

let source = """
  func triangle(_ n: Int) -> Int { n * (n + 1) / 2 }
  func answer() -> Int { triangle(6) * 2 }
  """
let tree = Parser.parse(source: source)
let folded = try OperatorTable.standardOperators.foldAll(tree)
let counter = Counter(viewMode: .sourceAccurate)
counter.walk(folded)
print("functions: \(counter.functions), tokens: \(counter.tokens)")
