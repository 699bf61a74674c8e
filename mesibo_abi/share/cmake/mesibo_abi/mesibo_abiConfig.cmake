# The headers of Mesibo server modules, one target a revision, and how to build a module:
#
#     find_package(mesibo_abi REQUIRED)
#     mesibo_add_module(filter filter.c REVISION sdk2020)
#
# makes mesibo_mod_filter.so. The targets are mesibo_abi::doc2019, ::sdk2019 and ::sdk2020.

get_filename_component(_mesibo_abi_include "${CMAKE_CURRENT_LIST_DIR}/../../../include" ABSOLUTE)
foreach(_mesibo_abi_revision IN ITEMS doc2019 sdk2019 sdk2020)
  if(NOT TARGET mesibo_abi::${_mesibo_abi_revision})
    add_library(mesibo_abi::${_mesibo_abi_revision} INTERFACE IMPORTED)
    set_target_properties(
      mesibo_abi::${_mesibo_abi_revision}
      PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${_mesibo_abi_include}/${_mesibo_abi_revision}")
  endif()
endforeach()
unset(_mesibo_abi_revision)
unset(_mesibo_abi_include)

# mesibo_add_module(<name> <source>... [REVISION <revision>])
#
# A target <name> that builds mesibo_mod_<name>.so from C and C++ sources. The name is also part of
# the entry point's, mesibo_module_<name>_init. The revision is doc2019 unless given.
function(mesibo_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "REVISION" "")
  if(NOT name MATCHES "^[A-Za-z0-9_]+$")
    message(FATAL_ERROR "mesibo_add_module: a module cannot be named \"${name}\"\n"
                        "  expected letters, digits and underscores\n"
                        "  hint: the name is part of the entry point's, a C identifier")
  endif()
  if(NOT arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mesibo_add_module: the module ${name} has no sources\n"
                        "  expected mesibo_add_module(<name> <source>... [REVISION <revision>])\n"
                        "  hint: name its C or C++ files behind ${name}")
  endif()
  if(NOT arg_REVISION)
    set(arg_REVISION doc2019)
  endif()
  if(NOT TARGET mesibo_abi::${arg_REVISION})
    message(FATAL_ERROR "mesibo_add_module: there is no header of revision ${arg_REVISION}\n"
                        "  expected one of: doc2019, sdk2019, sdk2020\n"
                        "  hint: leave REVISION out for doc2019")
  endif()
  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME "mesibo_mod_${name}" PREFIX "" SUFFIX ".so")
  target_compile_definitions(${name} PRIVATE MESIBO_MODULE=${name})
  target_link_libraries(${name} PRIVATE mesibo_abi::${arg_REVISION})
endfunction()
