import Glibc
import TernCompiler

exit(Driver.run(CommandLine.arguments))
