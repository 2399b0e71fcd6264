import Testing
import Weld

@testable import TernCompiler

@Suite struct BackendTests {}
