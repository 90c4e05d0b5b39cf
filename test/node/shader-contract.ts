/** The binding contract between a kernel's declaration and its WGSL; `shaders.test.ts` holds every kernel to it. */
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import type { KernelDeclaration } from "../../src/gpu/kernel.ts";

/** WebGPU's default `maxStorageBuffersPerShaderStage`. */
const maxStorageBuffers = 8;

/** The comment at the start of a file, without its slashes; `enable` lines may precede it. */
function headerOf(source: string): string {
  const lines = source.replace(/^(enable .*\n)+/, "").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.slice(2))
    .join("\n");
}

/** Whether `text` contains `word` as a whole word. */
function names(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w])${word}(?![\\w])`).test(text);
}

/** Disagreements between the shader and its declaration; empty if there are none. */
export function contractComplaints(
  declaration: Omit<KernelDeclaration<string, string>, "texts">,
  source: string,
  library: readonly string[] = [],
): string[] {
  const { name, workgroup, params, bindings } = declaration;
  const found: string[] = [];
  const expect = (what: string, declared: unknown, inShader: unknown) => {
    const [a, b] = [JSON.stringify(declared), JSON.stringify(inShader)];
    if (a !== b) found.push(`${name}: ${what}: declared ${a}, in the shader ${b}`);
  };

  const shader = new WgslReflect([source, ...library].join("\n"));
  expect(
    "entry points",
    [name],
    [...shader.entry.compute, ...shader.entry.vertex, ...shader.entry.fragment].map((f) => f.name),
  );
  const size = shader.entry.compute[0]?.attributes?.find((a) => a.name === "workgroup_size")?.value;
  const resolve = (text: unknown) =>
    Number(new RegExp(`^const ${text} = (\\d+)u;$`, "m").exec(source)?.[1] ?? text);
  const [x = 1, y = 1, z = 1] = [size].flat().map(resolve);
  expect("workgroup size", workgroup, [x, y, z]);

  const uniforms = shader.uniforms.map(({ group, binding }) => [group, binding]);
  expect("uniform at group, binding", [[0, 0]], uniforms);
  const members = shader.uniforms[0]?.members ?? [];
  expect(
    "params",
    Object.entries(params),
    members.map((member) => [member.name, member.type.name]),
  );
  expect(
    "offsets of params",
    Object.keys(params).map((_, index) => index * 4),
    members.map((member) => member.offset),
  );
  expect(
    "storage bindings [group, binding, name, access]",
    Object.entries(bindings).map(([binding, access], index) => [0, index + 1, binding, access]),
    shader.storage.map(({ group, binding, name: variable, access }) => [group, binding, variable, access]),
  );
  if (shader.storage.length > maxStorageBuffers) {
    found.push(`${name}: ${shader.storage.length} storage buffers, more than ${maxStorageBuffers}`);
  }

  const header = headerOf(source);
  if (!header.startsWith(` ${name}: `))
    found.push(`${name}: the file must begin with "// ${name}: what it does"`);
  if (!/^ grid\s/m.test(header)) found.push(`${name}: the header has no line "// grid"`);
  for (const binding of Object.keys(bindings)) {
    if (!names(header, binding)) found.push(`${name}: the header says nothing of the binding ${binding}`);
  }
  return found;
}
