# Run by sluice_embed: INPUT, OUTPUT, SYMBOL, HEADER.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,))" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

const unsigned char ${SYMBOL}[] = {
${bytes}
};
const size_t ${SYMBOL}_size = sizeof(${SYMBOL});
")
