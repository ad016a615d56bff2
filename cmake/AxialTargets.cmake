# How every Axial target is made: one call per room, so that warnings, sanitizers and names cannot differ.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the Orthanc plugin links the same static rooms
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(AXIAL_CCACHE ccache)
if(AXIAL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${AXIAL_CCACHE}")
endif()

set(AXIAL_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND AXIAL_WARNINGS -Wthread-safety)
endif()

function(axial_configure_target target)
  target_compile_options(${target} PRIVATE ${AXIAL_WARNINGS})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}")
  if(AXIAL_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${AXIAL_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=undefined)
    target_link_options(${target} PUBLIC -fsanitize=${AXIAL_SANITIZE})
    if(AXIAL_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-tsan)  # Boost.Asio's fences; its locks are seen
    endif()
  endif()
  if(AXIAL_TIDY)
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "clang-tidy-19;--quiet")
  endif()
endfunction()

# axial_library(<room> SOURCES a.cc ... [PUBLIC libs...] [PRIVATE libs...]) -> axial_<room>, axial::<room>
function(axial_library room)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(axial_${room} STATIC ${ARG_SOURCES})
  add_library(axial::${room} ALIAS axial_${room})
  target_link_libraries(axial_${room} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  axial_configure_target(axial_${room})
endfunction()

# axial_executable(<name> SOURCES main.cc ... LIBS libs...) -> bin/<name>
function(axial_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  axial_configure_target(${name})
endfunction()

# axial_test(<name> SOURCES a_test.cc ... LIBS libs... [LABELS integration ...] [TIMEOUT s]
#            [ENVIRONMENT NAME=value ...])
function(axial_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} axial::test_support GTest::gmock_main)
  axial_configure_target(${name})
  set(label_property "")
  if(ARG_LABELS)
    set(label_property LABELS "${ARG_LABELS}")
  endif()
  if(ARG_ENVIRONMENT)
    list(APPEND label_property ENVIRONMENT "${ARG_ENVIRONMENT}")
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT ${ARG_TIMEOUT} ${label_property})
endfunction()
