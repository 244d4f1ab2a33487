# Builds the test programs in which threads meet; `ctest -L threads` runs them, and ./test does so
# under ThreadSanitizer.
add_custom_target(threads)

# weir_folder(NAME [THREADS] [DEPENDS targets...]): one library for the folder, from every x.cc that
# is no test, bench or fuzz target; and one test program, NAME_tests, from its x_test.cc, in which
# threads meet if it says THREADS. tests/architecture compares DEPENDS with the includes.
function(weir_folder name)
  cmake_parse_arguments(FOLDER "THREADS" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} PRIVATE ${FOLDER_DEPENDS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${FOLDER_DEPENDS})
  endif()
  if(WEIR_TESTS AND tests)
    add_executable(${name}_tests ${tests})
    target_link_libraries(${name}_tests PRIVATE ${name} GTest::gtest GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_tests)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
    if(FOLDER_THREADS)
      set_tests_properties(${name} PROPERTIES LABELS threads)
      add_dependencies(threads ${name}_tests)
    endif()
  endif()
endfunction()
