// A program that has every LLVM target in it and uses them: it parses a small module, runs the
// whole -O2 pipeline over it, and compiles the result for each target that is able to. What it
// prints does not depend on the machine, so a benchmark can tell a good link from a bad one.

#include <memory>
#include <string>

#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

// A loop that -O2 turns into a closed form, and a call that it inlines.
static const char source[] = R"(
define internal i32 @square(i32 %x) noinline optnone {
  %r = mul i32 %x, %x
  ret i32 %r
}
define internal i32 @twice(i32 %x) {
  %r = add i32 %x, %x
  ret i32 %r
}
define i32 @triangle(i32 %n) {
entry:
  %empty = icmp slt i32 %n, 1
  br i1 %empty, label %exit, label %loop
loop:
  %i = phi i32 [ 1, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %total, %loop ]
  %total = add i32 %sum, %i
  %next = add i32 %i, 1
  %done = icmp sgt i32 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  %result = phi i32 [ 0, %entry ], [ %total, %loop ]
  ret i32 %result
}
define i32 @answer() {
  %a = call i32 @triangle(i32 6)
  %b = call i32 @twice(i32 %a)
  ret i32 %b
}
)";

static void optimize(Module &module) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager pipeline;
  if (Error error = builder.parsePassPipeline(pipeline, "default<O2>")) {
    errs() << toString(std::move(error)) << "\n";
    exit(1);
  }
  pipeline.run(module, modules);
}

int main() {
  InitializeAllTargetInfos();
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmParsers();
  InitializeAllAsmPrinters();
  InitializeAllDisassemblers();

  LLVMContext context;
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseAssemblyString(source, diagnostic, context);
  if (!module || verifyModule(*module, &errs())) {
    diagnostic.print("llvm-all", errs());
    return 1;
  }
  unsigned before = module->getInstructionCount();
  optimize(*module);
  outs() << "instructions: " << before << " -> " << module->getInstructionCount() << "\n";
  if (const Function *answer = module->getFunction("answer"))
    outs() << *answer;

  unsigned count = 0, compiled = 0;
  for (const Target &target : TargetRegistry::targets()) {
    count++;
    StringRef name = target.getName();
    if (name != "x86-64" && name != "aarch64" && name != "riscv64" && name != "ppc64le" &&
        name != "systemz" && name != "loongarch64" && name != "wasm64" && name != "mips64el")
      continue;
    std::string triple = Triple(name == "x86-64" ? "x86_64" : name == "systemz" ? "s390x" : name,
                                "unknown", "linux", "gnu").str();
    std::unique_ptr<TargetMachine> machine(target.createTargetMachine(
        triple, "", "", TargetOptions(), Reloc::PIC_));
    std::unique_ptr<Module> copy = CloneModule(*module);
    copy->setTargetTriple(triple);
    copy->setDataLayout(machine->createDataLayout());
    SmallVector<char, 0> text;
    raw_svector_ostream stream(text);
    legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, stream, nullptr, CodeGenFileType::ObjectFile)) {
      errs() << name << ": no object writer\n";
      return 1;
    }
    passes.run(*copy);
    compiled += !text.empty();
    outs() << name << ": " << text.size() << " bytes of object\n";
  }
  outs() << "targets: " << count << ", compiled for " << compiled << "\n";
  return 0;
}
