/** The wire format of protobuf. The build puts the library's code here, so that the package depends on nothing. */

export { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
