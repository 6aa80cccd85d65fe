"""The peers, each in a process of its own: bench.py starts it, it gets ready, and takes a step when told to.

    peer.py torch|onnxruntime MODEL COMPONENT BATCH SIZE DTYPE THREADS     steps on request: a line in, a JSON object out
    peer.py export            MODEL COMPONENT BATCH SIZE FILE              the network for onnxruntime
    peer.py facts             THREADS FULL|QUICK                           versions, libraries, parameters, torch's GEMM

Each answer is one JSON object on a line of its own; {"error": why} if it cannot be done.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import re
import sys
import time
from pathlib import Path


def answer(**values):
    print(json.dumps(values), flush=True)


def reset_peak():
    """From now on VmHWM counts anew: what getting ready took is not the step's."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass   # then the peak is that of the whole process


def peak_mb():
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else 0


def mapped(word):
    """The libraries of this process whose path holds @word."""
    paths = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if word in line}
    return sorted(str(Path(path).resolve()) for path in paths)


def serve(step):
    for line in sys.stdin:
        begin = time.perf_counter()
        step()
        answer(seconds=time.perf_counter() - begin, peak_rss_mb=peak_mb())


# ---- torch -----------------------------------------------------------------------------------------


class Torch:
    def __init__(self, model, component, n, size, dtype, threads):
        import torch
        import subjects

        self.torch = torch
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
        self.net = subjects.load(model, component, dtype)
        self.inputs = subjects.inputs(component, self.net.config, n, size, dtype)

    def step(self):
        self.net(*self.inputs)

    def seconds(self):
        self.step()   # warm
        begin = time.perf_counter()
        self.step()
        return time.perf_counter() - begin

    def use(self, name):
        form = getattr(self.torch, name)
        self.net = self.net.to(memory_format=form)
        self.inputs = tuple(x.contiguous(memory_format=form) if x.dim() == 4 else x for x in self.inputs)

    def choose_format(self):
        """The quicker of torch's two, for networks that work on pictures."""
        names = ["contiguous_format"]
        if self.net.__class__.__name__ == "Unet":
            names.append("channels_last")
        times = {}
        for name in names:
            self.use(name)
            times[name] = self.seconds()
        best = min(times, key=times.get)
        if best != names[-1]:
            self.use(best)
            self.step()
        return best


def run_torch(model, component, n, size, dtype, threads):
    peer = Torch(model, component, int(n), int(size), dtype, int(threads))
    chosen = peer.choose_format()
    reset_peak()
    answer(ready=True, format=chosen, blas=mapped("blas"))
    serve(peer.step)


# ---- onnxruntime -------------------------------------------------------------------------------------


def run_export(model, component, n, size, path):
    import torch
    import subjects

    with torch.no_grad():
        net = subjects.load(model, component, torch.float32)
        inputs = subjects.inputs(component, net.config, int(n), int(size), torch.float32)
        # More than 2 GB go into files beside it by themselves. onnxruntime folds constants better.
        torch.onnx.export(net, inputs, path, input_names=[f"x{i}" for i in range(len(inputs))], opset_version=17,
                          do_constant_folding=False, dynamo=False)
    answer(ready=True)


def run_onnxruntime(path, component, n, size, dtype, threads):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(threads)
    options.log_severity_level = 3
    # Its threads are not to burn the cores while it is our turn.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rng = numpy.random.default_rng(0)
    feed = {}
    for value in session.get_inputs():
        # The fifth is the mask of the context or of the caption: nothing is masked.
        feed[value.name] = numpy.full(value.shape, 500, numpy.int64) if "int64" in value.type \
            else numpy.ones(value.shape, numpy.float32) if value.name == "x4" \
            else rng.standard_normal(value.shape, numpy.float32)
    for _ in range(2):
        session.run(None, feed)
    reset_peak()
    answer(ready=True, version=onnxruntime.__version__)
    serve(lambda: session.run(None, feed))


# ---- facts ---------------------------------------------------------------------------------------------


def best_gemm(torch, dtype, side, seconds=2.0):
    """GFLOP/s of torch's own matrix product, the best of all that fit into the time."""
    a, b = (torch.randn(side, side).to(dtype) for _ in range(2))
    best, end = 0.0, time.perf_counter() + seconds
    while best == 0 or time.perf_counter() < end:
        begin = time.perf_counter()
        a @ b
        best = max(best, 2e-9 * side ** 3 / (time.perf_counter() - begin))
    return best


def run_facts(threads, which):
    import torch
    import configs
    import subjects

    torch.set_num_threads(int(threads))
    try:
        import onnxruntime
        import onnx   # noqa: F401
        onnx_version = onnxruntime.__version__
    except ImportError:
        onnx_version = None
    model = getattr(configs, which)
    side = 3072 if which == "FULL" else 256
    gemm = {name: best_gemm(torch, dtype, side) for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16))}
    answer(torch=torch.__version__, onnxruntime=onnx_version, blas=mapped("blas"), gemm=gemm,
           parameters={name: subjects.n_parameters(name, model[name]) for name in subjects.CLASSES})


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    try:
        globals()[f"run_{verb}"](*rest)
    except (ImportError, MemoryError, RuntimeError, OSError) as problem:
        answer(error=f"{type(problem).__name__}: {problem}".splitlines()[0])
        sys.exit(1)
