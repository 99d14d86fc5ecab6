# Flags, libraries and the two functions with which every folder says what it builds.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)

add_library(sluice_flags INTERFACE)
target_compile_definitions(sluice_flags INTERFACE _GNU_SOURCE $<$<CONFIG:Release>:NDEBUG>)
target_compile_options(sluice_flags INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef -Wformat=2
    -Wpointer-arith -Wcast-align -Wvla -fno-common -fstack-protector-strong
    $<$<BOOL:${SLUICE_WERROR}>:-Werror>)
target_include_directories(sluice_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/service)
target_link_libraries(sluice_flags INTERFACE Threads::Threads)

if(SLUICE_SANITIZE)
    string(REPLACE ";" "," sluice_sanitizers "${SLUICE_SANITIZE}")
    add_compile_options(-fsanitize=${sluice_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
    add_link_options(-fsanitize=${sluice_sanitizers})
    if(sluice_sanitizers MATCHES "thread")
        add_compile_definitions(SL_TSAN=1)
    endif()
endif()
if(SLUICE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SLUICE_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic -O0 -g)
    add_link_options(--coverage)
endif()

# sluice_library(NAME SOURCES a.c b.c [DEPS targets])
function(sluice_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC sluice_flags ${arg_DEPS})
endfunction()

# sluice_program(NAME SOURCES a.c [DEPS targets]): into the build folder's bin/
function(sluice_program name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE sluice_flags ${arg_DEPS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()
