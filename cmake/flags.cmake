# Warnings are errors; hardening as SECURITY.md promises it.
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers
  -Wno-c++20-extensions -fstack-protector-strong -fstack-clash-protection -fcf-protection
  -fno-omit-frame-pointer -gdwarf-4)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -flto=thin")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
# What users run is laid out by what a run of it did: docs/design/profile.md. A function that has
# changed since counts as unknown. Functions that only one file sees are known in the profile by
# that file's name, not by its path: so it holds in any folder.
set(WEIR_PROFILE_NAMES "SHELL:-mllvm -static-func-full-module-prefix=false")
if(WEIR_TRAIN)
  add_compile_options(-fprofile-generate ${WEIR_PROFILE_NAMES})
  add_link_options(-fprofile-generate)
elseif(WEIR_USE_PROFILE AND CMAKE_BUILD_TYPE STREQUAL Release AND NOT WEIR_SANITIZE)
  set(WEIR_PROFILE ${PROJECT_SOURCE_DIR}/cmake/weir.profdata)
  # Objects made by different profiles do not link: another one is another command line.
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR}
    APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${WEIR_PROFILE})
  file(SHA256 ${WEIR_PROFILE} WEIR_PROFILE_HASH)
  string(SUBSTRING ${WEIR_PROFILE_HASH} 0 16 WEIR_PROFILE_HASH)
  add_compile_definitions(WEIR_PROFILE_HASH=0x${WEIR_PROFILE_HASH})
  add_compile_options(-fprofile-use=${WEIR_PROFILE} ${WEIR_PROFILE_NAMES}
    -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)
endif()
add_link_options(-fuse-ld=lld -Wl,-z,relro,-z,now)
if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE})
  add_link_options(-fsanitize=${WEIR_SANITIZE})
  if(WEIR_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
else()
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>)
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
endif()
