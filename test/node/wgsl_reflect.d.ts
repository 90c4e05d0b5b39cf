/** Node finds no exports in the package's main file; its module file has them, but without types. */
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
