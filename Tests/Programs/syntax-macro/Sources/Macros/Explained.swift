import SwiftCompilerPlugin
import SwiftParser
import SwiftSyntax
import SwiftSyntaxMacros

/// Counts the tokens of a piece of code.
final class Counter: SyntaxVisitor {
  var tokens = 0

  override func visit(_ token: TokenSyntax) -> SyntaxVisitorContinueKind {
    tokens += 1
    return .visitChildren
  }
}

/// `#explained(x)` is a tuple of x, its text, and how many tokens the parser finds in that.
public struct Explained: ExpressionMacro {
  public static func expansion(
    of node: some FreestandingMacroExpansionSyntax, in context: some MacroExpansionContext
  ) throws -> ExprSyntax {
    guard let argument = node.arguments.first?.expression else { return "()" }
    let counter = Counter(viewMode: .sourceAccurate)
    counter.walk(Parser.parse(source: argument.description))
    return "(\(argument), \(literal: argument.description), \(literal: counter.tokens))"
  }
}

@main
struct Plugin: CompilerPlugin {
  let providingMacros: [any Macro.Type] = [Explained.self]
}
