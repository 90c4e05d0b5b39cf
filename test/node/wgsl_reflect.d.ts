/** Node finds no export in the package's main file; its module file has them, without types of its own. */
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
