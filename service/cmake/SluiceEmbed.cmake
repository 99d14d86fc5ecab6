# sluice_embed(OUTPUT file.c INPUT file SYMBOL name HEADER rpc/x.h [DEPENDS targets]): a C file that defines
# `const unsigned char name[]`, the input's bytes, and `const size_t name_size`, as the header declares them.
set(SLUICE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed.cmake)

function(sluice_embed)
    cmake_parse_arguments(arg "" "OUTPUT;INPUT;SYMBOL;HEADER" "DEPENDS" ${ARGN})
    add_custom_command(
        OUTPUT ${arg_OUTPUT}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${arg_INPUT} -DOUTPUT=${arg_OUTPUT} -DSYMBOL=${arg_SYMBOL}
                -DHEADER=${arg_HEADER} -P ${SLUICE_EMBED_SCRIPT}
        DEPENDS ${arg_INPUT} ${arg_DEPENDS} ${SLUICE_EMBED_SCRIPT}
        COMMENT "Embed: ${arg_SYMBOL}" VERBATIM)
endfunction()
