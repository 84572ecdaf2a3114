define internal void @loop_1(ptr noalias %a0, ptr noalias %a1) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v48, %b1 ]
  %v4 = mul nsw i64 %v3, 160
  %v5 = getelementptr i8, ptr %a0, i64 %v4
  %v6 = load <16 x float>, ptr %v5, align 4
  %v7 = getelementptr i8, ptr %v5, i64 64
  %v8 = load <16 x float>, ptr %v7, align 4
  %v9 = getelementptr i8, ptr %v5, i64 128
  %v10 = load <8 x float>, ptr %v9, align 4
  %v11 = shufflevector <8 x float> %v10, <8 x float> zeroinitializer, <16 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8, i32 8, i32 8, i32 8, i32 8, i32 8, i32 8, i32 8>
  %v12 = select <16 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <16 x float> %v11, <16 x float> <float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000, float 0xFFF0000000000000>
  %v13 = fcmp ogt <16 x float> %v8, %v6
  %v14 = select <16 x i1> %v13, <16 x float> %v8, <16 x float> %v6
  %v15 = fcmp uno <16 x float> %v8, %v8
  %v16 = select <16 x i1> %v15, <16 x float> %v8, <16 x float> %v14
  %v17 = fcmp ogt <16 x float> %v12, %v16
  %v18 = select <16 x i1> %v17, <16 x float> %v12, <16 x float> %v16
  %v19 = fcmp uno <16 x float> %v12, %v12
  %v20 = select <16 x i1> %v19, <16 x float> %v12, <16 x float> %v18
  %v21 = shufflevector <16 x float> %v20, <16 x float> poison, <16 x i32> <i32 8, i32 9, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15, i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>
  %v22 = fcmp ogt <16 x float> %v21, %v20
  %v23 = select <16 x i1> %v22, <16 x float> %v21, <16 x float> %v20
  %v24 = fcmp uno <16 x float> %v21, %v21
  %v25 = select <16 x i1> %v24, <16 x float> %v21, <16 x float> %v23
  %v26 = shufflevector <16 x float> %v25, <16 x float> poison, <16 x i32> <i32 4, i32 5, i32 6, i32 7, i32 0, i32 1, i32 2, i32 3, i32 12, i32 13, i32 14, i32 15, i32 8, i32 9, i32 10, i32 11>
  %v27 = fcmp ogt <16 x float> %v26, %v25
  %v28 = select <16 x i1> %v27, <16 x float> %v26, <16 x float> %v25
  %v29 = fcmp uno <16 x float> %v26, %v26
  %v30 = select <16 x i1> %v29, <16 x float> %v26, <16 x float> %v28
  %v31 = shufflevector <16 x float> %v30, <16 x float> poison, <16 x i32> <i32 2, i32 3, i32 0, i32 1, i32 6, i32 7, i32 4, i32 5, i32 10, i32 11, i32 8, i32 9, i32 14, i32 15, i32 12, i32 13>
  %v32 = fcmp ogt <16 x float> %v31, %v30
  %v33 = select <16 x i1> %v32, <16 x float> %v31, <16 x float> %v30
  %v34 = fcmp uno <16 x float> %v31, %v31
  %v35 = select <16 x i1> %v34, <16 x float> %v31, <16 x float> %v33
  %v36 = shufflevector <16 x float> %v35, <16 x float> poison, <16 x i32> <i32 1, i32 0, i32 3, i32 2, i32 5, i32 4, i32 7, i32 6, i32 9, i32 8, i32 11, i32 10, i32 13, i32 12, i32 15, i32 14>
  %v37 = fcmp ogt <16 x float> %v36, %v35
  %v38 = select <16 x i1> %v37, <16 x float> %v36, <16 x float> %v35
  %v39 = fcmp uno <16 x float> %v36, %v36
  %v40 = select <16 x i1> %v39, <16 x float> %v36, <16 x float> %v38
  %v41 = fsub <16 x float> %v6, %v40
  %v42 = mul nsw i64 %v3, 192
  %v43 = getelementptr i8, ptr %a1, i64 %v42
  store <16 x float> %v41, ptr %v43, align 4
  %v44 = fsub <16 x float> %v8, %v40
  %v45 = getelementptr i8, ptr %v43, i64 64
  store <16 x float> %v44, ptr %v45, align 4
  %v46 = fsub <16 x float> %v11, %v40
  %v47 = getelementptr i8, ptr %v43, i64 128
  store <16 x float> %v46, ptr %v47, align 4
  %v48 = add nuw nsw i64 %v3, 1
  %v49 = icmp slt i64 %v48, 3
  br i1 %v49, label %b1, label %b2
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

declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
