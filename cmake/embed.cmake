# sg_embed(TARGET name FILE path): makes `extern const unsigned char <name>_begin[], <name>_end[]` from a file's bytes.
# .incbin keeps this instant for megabytes, where a generated array would take the compiler seconds.
function(sg_embed target name file)
  set(source ${PROJECT_BINARY_DIR}/embedded/${name}.S)
  file(WRITE ${source}.in
"    .section .rodata
    .global ${name}_begin
    .global ${name}_end
    .balign 16
${name}_begin:
    .incbin \"${file}\"
${name}_end:
    .byte 0
    .section .note.GNU-stack,\"\",%progbits
")
  configure_file(${source}.in ${source} COPYONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${source})
endfunction()
enable_language(ASM)
