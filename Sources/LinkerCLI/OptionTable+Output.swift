/// What options about the kind, place and headers of the output do.
enum OutputOption: Sendable {
  case file, shared, sharedOrSmallData, pie, relocatable, emulation
  case littleEndian, bigEndian, format
  case entry, soname, dynamicLinker, noDynamicLinker, initFunction, finiFunction
  case runPath, newTags, filter, auxiliary, audit, dependencyAudit, groupLookup, spareTags
  case dependencyFile, packageMetadata, mapFile, printMap, crossReferences
  case pageUnaligned, textWritable, imageBase
  case sectionStart, textStart, dataStart, bssStart
}

extension OptionTable {
  static let outputRows: [OptionRow] = [
    OptionRow(
      .output(.file), "-o|--output", takes: .required("FILE"), "write the output to FILE (a.out)"),
    OptionRow(.output(.shared), "-shared|-Bshareable", "make a shared library"),
    OptionRow(
      .output(.sharedOrSmallData), "-G|--gpsize", takes: .digits("SIZE"),
      "without SIZE: same as -shared; with SIZE: accepted for machines with small data"),
    OptionRow(
      .output(.pie), "-pie|--pic-executable", no: "-no-pie|-nopie|--no-pic-executable",
      "make an executable that can be loaded at any address"),
    OptionRow(
      .output(.relocatable), "-r|--relocatable|-i|-Ur", "make a relocatable object", .planned),
    OptionRow(.output(.emulation), "-m", takes: .required("EMULATION"), "link for EMULATION"),
    OptionRow(.output(.littleEndian), "-EL", "link little-endian objects"),
    OptionRow(.output(.bigEndian), "-EB", "link big-endian objects", .planned),
    OptionRow(
      .output(.format), "--oformat", takes: .required("FORMAT"),
      "write the output in FORMAT: elf, binary or the name of an ELF target", .planned),
    OptionRow(
      .output(.entry), "-e|--entry", takes: .required("SYMBOL"),
      "start at SYMBOL, or at this address"),
    OptionRow(
      .output(.soname), "-h|-soname", takes: .required("NAME"), "set the shared library's DT_SONAME"
    ),
    OptionRow(
      .output(.dynamicLinker), "-I|-dynamic-linker", takes: .required("PATH"),
      "set the program interpreter"),
    OptionRow(
      .output(.noDynamicLinker), "--no-dynamic-linker", "write no program interpreter header"),
    OptionRow(
      .output(.initFunction), "-init", takes: .required("SYMBOL"),
      "call SYMBOL at load time (_init)"),
    OptionRow(
      .output(.finiFunction), "-fini", takes: .required("SYMBOL"),
      "call SYMBOL at unload time (_fini)"),
    OptionRow(
      .output(.runPath), "-rpath", takes: .required("PATH"),
      "add PATH to the directories searched at run time"),
    OptionRow(
      .output(.newTags), "--enable-new-dtags", no: "--disable-new-dtags",
      "write run paths as DT_RUNPATH (default) or as DT_RPATH"),
    OptionRow(.output(.filter), "-F|--filter", takes: .required("NAME"), "add DT_FILTER"),
    OptionRow(.output(.auxiliary), "-f|--auxiliary", takes: .required("NAME"), "add DT_AUXILIARY"),
    OptionRow(.output(.audit), "--audit", takes: .required("NAME"), "add to DT_AUDIT", .planned),
    OptionRow(
      .output(.dependencyAudit), "-P|--depaudit", takes: .required("NAME"), "add to DT_DEPAUDIT",
      .planned),
    OptionRow(
      .output(.groupLookup), "-Bgroup", "look names up only in the library's group (DF_1_GROUP)"),
    OptionRow(
      .output(.spareTags), "--spare-dynamic-tags", takes: .required("COUNT"),
      "leave room for COUNT entries in .dynamic"),
    OptionRow(
      .output(.dependencyFile), "--dependency-file", takes: .required("FILE"),
      "write a make rule that lists the files that were read"),
    OptionRow(
      .output(.packageMetadata), "--package-metadata", takes: .optional("JSON"),
      "write a .note.package; %XX and %[comma]-like escapes are decoded"),
    OptionRow(
      .output(.mapFile), "-Map", takes: .required("FILE"), "write a link map to FILE"),
    OptionRow(.output(.printMap), "-M|--print-map", "print a link map"),
    OptionRow(
      .output(.crossReferences), "--cref", no: "--no-cref", "write a cross-reference table",
      .planned),
    OptionRow(
      .output(.pageUnaligned), "-n|--nmagic", no: "--no-nmagic",
      "do not align sections to pages", .planned),
    OptionRow(
      .output(.textWritable), "-N|--omagic", no: "--no-omagic",
      "do not align sections to pages and make text writable", .planned),
    OptionRow(
      .output(.imageBase), "--image-base|-Ttext-segment", takes: .required("ADDRESS"),
      "lay the image out from ADDRESS"),
    OptionRow(
      .output(.sectionStart), "--section-start", takes: .required("SECTION=ADDRESS"),
      "put SECTION at ADDRESS (hexadecimal)"),
    OptionRow(
      .output(.textStart), "-Ttext", takes: .required("ADDRESS"),
      "put .text at ADDRESS (hexadecimal)"),
    OptionRow(
      .output(.dataStart), "-Tdata", takes: .required("ADDRESS"),
      "put .data at ADDRESS (hexadecimal)"),
    OptionRow(
      .output(.bssStart), "-Tbss", takes: .required("ADDRESS"), "put .bss at ADDRESS (hexadecimal)"),
  ]
}
