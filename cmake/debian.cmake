# The programs that build Weir, each by its full name and version, each from a package that ./run
# installs (build_packages in scripts/debian.sh). Left alone, CMake takes what it meets first: on a
# Debian 12 with the package llvm that is an llvm-ar of version 14, which can't read clang 19's
# objects. tests/architecture/test_tools.py checks every program that a build names.
set(CMAKE_CXX_COMPILER /usr/bin/clang++-19 CACHE FILEPATH "")
set(CMAKE_MAKE_PROGRAM /usr/bin/ninja CACHE FILEPATH "")
set(PKG_CONFIG_EXECUTABLE /usr/bin/pkg-config CACHE FILEPATH "")
set(CCACHE /usr/bin/ccache CACHE FILEPATH "")

# Told by its path, clang takes this one even for CMake's own trials.
set(CMAKE_LINKER /usr/bin/ld.lld-19 CACHE FILEPATH "")
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT --ld-path=${CMAKE_LINKER})
endforeach()
foreach(tool ADDR2LINE AR DLLTOOL NM OBJCOPY OBJDUMP RANLIB READELF STRIP)
  string(TOLOWER ${tool} name)
  set(CMAKE_${tool} /usr/bin/llvm-${name}-19 CACHE FILEPATH "")
endforeach()
foreach(tool AR RANLIB)
  set(CMAKE_CXX_COMPILER_${tool} ${CMAKE_${tool}} CACHE FILEPATH "")
endforeach()

# Weir has no modules; Debian 13's cmake would take a program that looks for them from clang-tools.
set(CMAKE_CXX_COMPILER_CLANG_SCAN_DEPS "" CACHE FILEPATH "")

# Of bench/train, and of the sanitizers' reports in ./test.
set(WEIR_PROFDATA /usr/bin/llvm-profdata-19 CACHE FILEPATH "")
set(WEIR_SYMBOLIZER /usr/bin/llvm-symbolizer-19 CACHE FILEPATH "")
