#!/usr/bin/env python3
"""training.py FOLDER [CODEBOOKS THREADS]: makes a million frames in FOLDER, once, and trains faiss's residual quantizer on them.

Debian: apt-get install python3-faiss python3-numpy libopenblas0-pthread (without OpenBLAS faiss takes the slow reference BLAS).
The `train` probe of Rvq.Benchmarks trains on the same files.
"""
import os
import resource
import sys
import time

import numpy as np

D, SEQUENCES, STEPS, TEST_SEQUENCES = 128, 2000, 500, 40


def make(folder):
    """Frames as an encoder's are: decaying variances along random axes, slow along the strong ones, with a loudness that drifts."""
    rng = np.random.default_rng(17)
    axes, _ = np.linalg.qr(rng.standard_normal((D, D)))
    axes = (2.0 * 0.98 ** np.arange(D)[:, None] * axes).astype(np.float32)
    memory = np.linspace(0.95, 0.3, D)
    noise, memory = np.sqrt(1 - memory**2).astype(np.float32), memory.astype(np.float32)
    mean = rng.standard_normal(D) * 0.5
    count = SEQUENCES + TEST_SEQUENCES
    state = rng.standard_normal((count, D)).astype(np.float32)
    gain = np.zeros((count, 1), np.float32)
    frames = np.empty((STEPS, count, D), np.float32)
    for step in range(STEPS):
        state = memory * state + noise * rng.standard_normal((count, D), dtype=np.float32)
        gain = 0.98 * gain + 0.1 * rng.standard_normal((count, 1), dtype=np.float32)
        frames[step] = (np.exp(gain) * state) @ axes + mean.astype(np.float32)
    frames[:, :SEQUENCES].transpose(1, 0, 2).tofile(os.path.join(folder, "train.f32"))
    frames[:, SEQUENCES:].transpose(1, 0, 2).tofile(os.path.join(folder, "test.f32"))


def train(folder, codebooks, threads):
    import faiss

    faiss.omp_set_num_threads(threads)
    frames, test = (np.fromfile(os.path.join(folder, f"{name}.f32"), np.float32).reshape(-1, D) for name in ("train", "test"))
    quantizer = faiss.ResidualQuantizer(D, codebooks, 10)
    quantizer.train_type = faiss.ResidualQuantizer.Train_default  # k-means, 256 frames a codeword
    quantizer.max_beam_size = 1
    user, wall = resource.getrusage(resource.RUSAGE_SELF).ru_utime, time.time()
    quantizer.train(frames)
    wall, user = time.time() - wall, resource.getrusage(resource.RUSAGE_SELF).ru_utime - user
    errors = []
    for quantizer.max_beam_size in (1, 5):
        errors.append(float(((quantizer.decode(quantizer.compute_codes(test)) - test) ** 2).sum(1).mean()))
    print(f"faiss {faiss.__version__}, {codebooks} x 1024, {threads} threads: {wall:.1f} s, {user:.1f} s CPU, error {errors[0]:.3f} greedy, {errors[1]:.3f} beam 5")


if __name__ == "__main__":
    if not os.path.exists(os.path.join(sys.argv[1], "test.f32")):
        make(sys.argv[1])
    if len(sys.argv) > 2:
        train(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
