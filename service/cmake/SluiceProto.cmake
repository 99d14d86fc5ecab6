# protobuf-c code and descriptor sets, generated into the build folder.

find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)

# sluice_proto(NAME ROOT folder FILES a.proto ... [IMPORTED google/protobuf/any.proto ...])
# A static library of the generated code, and NAME.binpb: their descriptor set with all imports.
function(sluice_proto name)
    cmake_parse_arguments(arg "" "ROOT" "FILES;IMPORTED" ${ARGN})
    set(out ${PROJECT_BINARY_DIR}/gen)
    file(MAKE_DIRECTORY ${out})
    set(sources)
    set(inputs)
    foreach(file IN LISTS arg_FILES arg_IMPORTED)
        string(REGEX REPLACE "\\.proto$" ".pb-c" stem ${file})
        list(APPEND sources ${out}/${stem}.c)
        set(headers ${headers} ${out}/${stem}.h)
    endforeach()
    foreach(file IN LISTS arg_FILES)
        list(APPEND inputs ${arg_ROOT}/${file})
    endforeach()
    add_custom_command(
        OUTPUT ${sources} ${headers} ${out}/${name}.binpb
        COMMAND ${PROTOC} -I${arg_ROOT} --plugin=protoc-gen-c=${PROJECT_SOURCE_DIR}/service/cmake/protoc-gen-c-optional
                --c_out=${out} ${arg_FILES} ${arg_IMPORTED}
        COMMAND ${PROTOC} -I${arg_ROOT} --include_imports --include_source_info --descriptor_set_out=${out}/${name}.binpb ${arg_FILES}
        DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/service/cmake/protoc-gen-c-optional
        COMMENT "protobuf-c: ${name}" VERBATIM)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} SYSTEM PUBLIC ${out})
    target_link_libraries(${name} PUBLIC PkgConfig::PROTOBUF_C)
    target_compile_options(${name} PRIVATE -w)
    add_custom_target(${name}_generated DEPENDS ${sources} ${out}/${name}.binpb)
    add_dependencies(${name} ${name}_generated)
endfunction()
