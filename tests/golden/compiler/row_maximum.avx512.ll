define internal void @loop_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v47, %b1 ]
  %v4 = mul nsw i64 %v3, 160
  %v5 = getelementptr i8, ptr %a0, i64 %v4
  %v6 = load <16 x float>, ptr %v5, align 4
  %v7 = getelementptr i8, ptr %v5, i64 64
  %v8 = load <16 x float>, ptr %v7, align 4
  %v9 = getelementptr i8, ptr %v5, i64 128
  %v10 = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %v9, i32 4, <16 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <16 x float> zeroinitializer)
  %v11 = select <16 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <16 x float> %v10, <16 x float> <float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000>
  %v12 = fcmp ogt <16 x float> %v8, %v6
  %v13 = select <16 x i1> %v12, <16 x float> %v8, <16 x float> %v6
  %v14 = fcmp uno <16 x float> %v8, %v8
  %v15 = select <16 x i1> %v14, <16 x float> %v8, <16 x float> %v13
  %v16 = fcmp ogt <16 x float> %v11, %v15
  %v17 = select <16 x i1> %v16, <16 x float> %v11, <16 x float> %v15
  %v18 = fcmp uno <16 x float> %v11, %v11
  %v19 = select <16 x i1> %v18, <16 x float> %v11, <16 x float> %v17
  %v20 = shufflevector <16 x float> %v19, <16 x float> poison, <16 x i32> <i32 8, i32 9, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15, i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>
  %v21 = fcmp ogt <16 x float> %v20, %v19
  %v22 = select <16 x i1> %v21, <16 x float> %v20, <16 x float> %v19
  %v23 = fcmp uno <16 x float> %v20, %v20
  %v24 = select <16 x i1> %v23, <16 x float> %v20, <16 x float> %v22
  %v25 = shufflevector <16 x float> %v24, <16 x float> poison, <16 x i32> <i32 4, i32 5, i32 6, i32 7, i32 0, i32 1, i32 2, i32 3, i32 12, i32 13, i32 14, i32 15, i32 8, i32 9, i32 10, i32 11>
  %v26 = fcmp ogt <16 x float> %v25, %v24
  %v27 = select <16 x i1> %v26, <16 x float> %v25, <16 x float> %v24
  %v28 = fcmp uno <16 x float> %v25, %v25
  %v29 = select <16 x i1> %v28, <16 x float> %v25, <16 x float> %v27
  %v30 = shufflevector <16 x float> %v29, <16 x float> poison, <16 x i32> <i32 2, i32 3, i32 0, i32 1, i32 6, i32 7, i32 4, i32 5, i32 10, i32 11, i32 8, i32 9, i32 14, i32 15, i32 12, i32 13>
  %v31 = fcmp ogt <16 x float> %v30, %v29
  %v32 = select <16 x i1> %v31, <16 x float> %v30, <16 x float> %v29
  %v33 = fcmp uno <16 x float> %v30, %v30
  %v34 = select <16 x i1> %v33, <16 x float> %v30, <16 x float> %v32
  %v35 = shufflevector <16 x float> %v34, <16 x float> poison, <16 x i32> <i32 1, i32 0, i32 3, i32 2, i32 5, i32 4, i32 7, i32 6, i32 9, i32 8, i32 11, i32 10, i32 13, i32 12, i32 15, i32 14>
  %v36 = fcmp ogt <16 x float> %v35, %v34
  %v37 = select <16 x i1> %v36, <16 x float> %v35, <16 x float> %v34
  %v38 = fcmp uno <16 x float> %v35, %v35
  %v39 = select <16 x i1> %v38, <16 x float> %v35, <16 x float> %v37
  %v40 = fsub <16 x float> %v6, %v39
  %v41 = mul nsw i64 %v3, 192
  %v42 = getelementptr i8, ptr %a1, i64 %v41
  store <16 x float> %v40, ptr %v42, align 4
  %v43 = fsub <16 x float> %v8, %v39
  %v44 = getelementptr i8, ptr %v42, i64 64
  store <16 x float> %v43, ptr %v44, align 4
  %v45 = fsub <16 x float> %v10, %v39
  %v46 = getelementptr i8, ptr %v42, i64 128
  store <16 x float> %v45, ptr %v46, align 4
  %v47 = add nuw nsw i64 %v3, 1
  %v48 = icmp slt i64 %v47, 3
  br i1 %v48, label %b1, label %b2
b2:
  ret void
}

define internal void @step(ptr %arena, ptr %a1) #1 {
entry:
  call void @loop_1(ptr %a1, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = alloca i32, align 4
  %v2 = alloca i32, align 4
  call void @llvm.x86.sse.stmxcsr(ptr %v1)
  %v3 = load i32, ptr %v1, align 4
  %v4 = or i32 %v3, 32832
  store i32 %v4, ptr %v2, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr %v2)
  %v5 = load ptr, ptr %table, align 8
  call void @step(ptr %arena, ptr %v5)
  call void @llvm.x86.sse.ldmxcsr(ptr %v1)
  ret void
}

declare <16 x float> @llvm.masked.load.v16f32.p0(ptr, i32, <16 x i1>, <16 x float>)
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
